import CMPI

/// The MPI this program is linked with.
public enum MPILibrary {
  /// Its name and version, such as `Open MPI v4.1.4`; may be asked before any rank is there.
  public static var version: String {
    var text = [CChar](repeating: 0, count: Int(cmpi_max_library_version()))
    var length: Int32 = 0
    guard MPI_Get_library_version(&text, &length) == cmpi_success() else { return "unknown" }
    let whole = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return whole.split(separator: ",").first.map(String.init) ?? whole
  }
}
