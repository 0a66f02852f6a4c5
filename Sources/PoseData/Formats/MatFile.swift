import CMatio
import Glibc
import Platform
import Synchronization

/// Reads and writes variables of MATLAB 5 files with libmatio: real arrays of doubles here, structs and cells of numbers
/// and text as `MatValue`s.
///
/// Only files in which all that comes before the variable is numeric are read; they are looked over before libmatio is
/// shown them.
public struct MatFile: Sendable {
  /// An array as MATLAB lays it out: the first index runs fastest.
  public struct Array: Sendable {
    public let extents: [Int]
    public let values: [Double]

    public init(extents: [Int], values: [Double]) {
      self.extents = extents
      self.values = values
    }
  }

  /// Largest file accepted, in bytes.
  public static let maximumFileBytes = 256 << 20

  /// libmatio keeps global state (its log), so calls are made one at a time.
  private static let library = Mutex<Void>(())

  /// Reads the array called `variable`.
  ///
  /// - Parameters:
  ///   - maximumCount: more elements than this are refused before memory is reserved.
  public static func read(
    _ path: String, variable: String, maximumCount: Int = 16 << 20
  ) throws(DataError) -> Array {
    try MatOutline(InputFile<DataError>(path).readAll(limit: maximumFileBytes), path).check(until: variable)
    let result: Result<Array, DataError> = withFile(path) { file in
      Result { () throws(DataError) in try read(file, path, variable, maximumCount) }
    }
    return try result.get()
  }

  /// Gives `body` an open file, and the library to itself.
  static func withFile<Content>(
    _ path: String, _ body: (OpaquePointer) -> Result<Content, DataError>
  ) -> Result<Content, DataError> {
    library.withLock { _ in
      // libmatio would otherwise print its complaints, or end the process, by itself.
      Mat_LogInitFunc("equipoise", { _, _ in })
      guard let file = Mat_Open(path, Int32(bitPattern: MAT_ACC_RDONLY.rawValue)) else {
        return .failure(DataError(path, "cannot be opened as a MATLAB 5 file"))
      }
      defer { Mat_Close(file) }
      return body(file)
    }
  }

  private static func read(
    _ file: OpaquePointer, _ path: String, _ variable: String, _ maximumCount: Int
  ) throws(DataError) -> Array {
    guard let info = Mat_VarReadInfo(file, variable) else {
      throw DataError(path, "holds no variable \(variable)")
    }
    defer { Mat_VarFree(info) }
    guard info.pointee.class_type == MAT_C_DOUBLE, info.pointee.isComplex == 0 else {
      throw DataError(path, "\(variable) is not an array of real doubles")
    }
    let rank = Int(info.pointee.rank)
    guard (1...8).contains(rank), let dims = info.pointee.dims else {
      throw DataError(path, "\(variable) has \(rank) dimensions")
    }
    var count = 1
    var extents: [Int] = []
    for axis in 0..<rank {
      guard let extent = Int(exactly: dims[axis]), extent <= maximumCount else {
        throw DataError(path, "\(variable) has an extent of \(dims[axis])")
      }
      count *= extent
      extents.append(extent)
      guard count <= maximumCount else { throw DataError(path, "\(variable) has more than \(maximumCount) elements") }
    }
    guard count > 0 else { return Array(extents: extents, values: []) }
    guard Mat_VarReadDataAll(file, info) == 0, let data = info.pointee.data,
      info.pointee.data_size == 8, info.pointee.nbytes == count * 8
    else { throw DataError(path, "the values of \(variable) cannot be read: the file is cut short or damaged") }
    let values = data.withMemoryRebound(to: Double.self, capacity: count) {
      [Double](UnsafeBufferPointer(start: $0, count: count))
    }
    return Array(extents: extents, values: values)
  }

  /// Writes a file with one array of doubles, not deflated.
  public static func write(_ array: Array, variable: String, to path: String) throws(FileSystemError) {
    precondition(array.values.count == array.extents.reduce(1, *), "\(array.values.count) values for \(array.extents)")
    try create(path) { file in
      var extents = array.extents
      // The library does not write to the values.
      let variable = array.values.withUnsafeBytes { values in
        Mat_VarCreate(
          variable, MAT_C_DOUBLE, MAT_T_DOUBLE, Int32(extents.count), &extents,
          UnsafeMutableRawPointer(mutating: values.baseAddress), 0)
      }
      defer { Mat_VarFree(variable) }
      return Mat_VarWrite(file, variable, MAT_COMPRESSION_NONE) == 0
    }
  }

  /// Gives `body` a new file, and the library to itself. The file takes the place of an older one when it is complete.
  static func create(_ path: String, _ body: (OpaquePointer) -> Bool) throws(FileSystemError) {
    try FileSystem.replace(path, isDurable: false) { temporary throws(FileSystemError) in
      errno = 0
      let isWritten = library.withLock { _ in
        guard let file = Mat_CreateVer(temporary, nil, MAT_FT_MAT5) else { return false }
        let isWritten = body(file)
        return Mat_Close(file) == 0 && isWritten
      }
      guard isWritten else { throw FileSystemError(path, "cannot be written", errno: errno == 0 ? EIO : errno) }
    }
  }
}
