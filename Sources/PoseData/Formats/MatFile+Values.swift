import CMatio
import Foundation
import Platform

extension MatFile {
  /// Reads the variable called `variable`, with all that its structs and cells hold.
  static func readValue(_ path: String, variable: String) throws(DataError) -> MatValue {
    try MatOutline(InputFile<DataError>(path).readAll(limit: maximumFileBytes), path).check(
      until: variable, mayNest: true)
    let result: Result<MatValue, DataError> = withFile(path) { file in
      Result { () throws(DataError) in
        guard let found = Mat_VarRead(file, variable) else {
          throw DataError(path, "\(variable) cannot be read: the file is cut short or damaged")
        }
        defer { Mat_VarFree(found) }
        guard let value = value(of: found.pointee) else {
          throw DataError(path, "\(variable) holds what is neither numbers, text, structs nor cells")
        }
        return value
      }
    }
    return try result.get()
  }

  /// nil where it is or holds something else, or nothing was read of it.
  private static func value(of variable: matvar_t) -> MatValue? {
    let count = (0..<Int(variable.rank)).reduce(variable.rank == 0 ? 0 : 1) { $0 * Int(variable.dims[$1]) }
    switch variable.class_type {
    case MAT_C_EMPTY: return .empty
    case MAT_C_STRUCT:
      var variable = variable
      let fieldCount = Int(Mat_VarGetNumberOfFields(&variable))
      guard fieldCount > 0, let names = Mat_VarGetStructFieldnames(&variable) else {
        return .structs(.init(fields: [], values: []))
      }
      let fields = (0..<fieldCount).map { String(cString: names[$0]!) }
      guard let values = members(of: variable, count * fieldCount) else { return nil }
      return .structs(.init(fields: fields, values: values))
    case MAT_C_CELL:
      guard let values = members(of: variable, count) else { return nil }
      return .cells(values)
    case MAT_C_CHAR:
      guard count > 0 else { return .text("") }
      guard let data = variable.data else { return nil }
      let bytes = UnsafeRawBufferPointer(start: data, count: Int(variable.nbytes))
      return switch variable.data_type {
      case MAT_T_INT8, MAT_T_UINT8, MAT_T_UTF8: .text(String(decoding: bytes, as: UTF8.self))
      case MAT_T_UINT16, MAT_T_UTF16: .text(String(decoding: bytes.bindMemory(to: UInt16.self), as: UTF16.self))
      default: nil
      }
    default:
      guard count > 0 else { return .empty }
      guard let data = variable.data else { return nil }
      let bytes = UnsafeRawBufferPointer(start: data, count: Int(variable.nbytes))
      func numbers<Number>(_ double: (Number) -> Double) -> MatValue? {
        guard bytes.count == count * MemoryLayout<Number>.size else { return nil }
        return .numbers(bytes.bindMemory(to: Number.self).map(double))
      }
      return switch variable.class_type {
      case MAT_C_DOUBLE: numbers { (number: Double) in number }
      case MAT_C_SINGLE: numbers { (number: Float) in Double(number) }
      case MAT_C_INT8: numbers { (number: Int8) in Double(number) }
      case MAT_C_UINT8: numbers { (number: UInt8) in Double(number) }
      case MAT_C_INT16: numbers { (number: Int16) in Double(number) }
      case MAT_C_UINT16: numbers { (number: UInt16) in Double(number) }
      case MAT_C_INT32: numbers { (number: Int32) in Double(number) }
      case MAT_C_UINT32: numbers { (number: UInt32) in Double(number) }
      case MAT_C_INT64: numbers { (number: Int64) in Double(number) }
      case MAT_C_UINT64: numbers { (number: UInt64) in Double(number) }
      default: nil
      }
    }
  }

  private static func members(of variable: matvar_t, _ count: Int) -> [MatValue]? {
    guard count > 0 else { return [] }
    guard let data = variable.data, Int(variable.nbytes) >= count * MemoryLayout<OpaquePointer>.size else { return nil }
    let members = data.assumingMemoryBound(to: UnsafeMutablePointer<matvar_t>?.self)
    var values: [MatValue] = []
    values.reserveCapacity(count)
    for index in 0..<count {
      guard let member = members[index] else {
        values.append(.empty)
        continue
      }
      guard let value = value(of: member.pointee) else { return nil }
      values.append(value)
    }
    return values
  }

  /// Writes a file with one variable, deflated; arrays are single rows.
  public static func write(_ value: MatValue, variable name: String, to path: String) throws(FileSystemError) {
    try create(path) { file in
      guard let variable = make(value, named: name) else { return false }
      defer { Mat_VarFree(variable) }
      return Mat_VarWrite(file, variable, MAT_COMPRESSION_ZLIB) == 0
    }
  }

  /// libmatio's own copy; it belongs to the caller.
  private static func make(_ value: MatValue, named name: String? = nil) -> UnsafeMutablePointer<matvar_t>? {
    var extents = [value.count == 0 ? 0 : 1, value.count]
    switch value {
    case .numbers(let numbers):
      // The library does not write to what it copies.
      return numbers.withUnsafeBytes {
        Mat_VarCreate(
          name, MAT_C_DOUBLE, MAT_T_DOUBLE, 2, &extents, UnsafeMutableRawPointer(mutating: $0.baseAddress), 0)
      }
    case .text(let text):
      extents = [1, text.utf8.count]
      return Swift.Array(text.utf8).withUnsafeBytes {
        Mat_VarCreate(name, MAT_C_CHAR, MAT_T_UTF8, 2, &extents, UnsafeMutableRawPointer(mutating: $0.baseAddress), 0)
      }
    case .cells(let cells):
      var members = cells.map { make($0) }
      return Mat_VarCreate(name, MAT_C_CELL, MAT_T_CELL, 2, &extents, &members, 0)
    case .structs(let structs):
      var fields = structs.fields.map { UnsafePointer(strdup($0)) }
      defer { for field in fields { free(UnsafeMutablePointer(mutating: field)) } }
      guard let variable = Mat_VarCreateStruct(name, 2, &extents, &fields, UInt32(fields.count)) else { return nil }
      for index in structs.values.indices {
        let (row, column) = index.quotientAndRemainder(dividingBy: fields.count)
        Mat_VarSetStructFieldByName(variable, fields[column], row, make(structs.values[index]))
      }
      return variable
    }
  }
}
