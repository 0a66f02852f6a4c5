import CKernels

/// One of the builds of the inner loops: `v4` (AVX-512), `v3` (AVX2 and FMA), `baseline`.
public struct KernelLevel: @unchecked Sendable {
  // Unchecked: the table is a constant of the program.
  package let table: UnsafePointer<ck_table>

  public var name: String { String(cString: table.pointee.name) }

  /// Whether products and their sums are rounded once (FMA). Levels that agree in this compute the same bits.
  public var isFused: Bool { name != "baseline" }

  /// The fastest that this CPU can run.
  public static var best: KernelLevel { KernelLevel(table: ck_best_table()) }

  /// The level of that name; nil if there is none or this CPU cannot run it.
  public init?(named name: String) {
    guard let table = ck_table_named(name) else { return nil }
    self.table = table
  }

  private init(table: UnsafePointer<ck_table>) { self.table = table }

  public static let names = ["v4", "v3", "baseline"]
}
