import CKernels
import Tensors

/// What computes: the threads, their working memory, and the inner loops for this CPU.
///
/// `KernelContext.perform` hands them to an operation, and only while its tensors have values. So an operation cannot
/// compute while a step is planned.
public final class Workers {
  let table: ck_table
  let latch = PairLatch(pairs: WeightGradientPartials.most)
  private let pool: ThreadPool

  init(_ pool: ThreadPool, _ level: KernelLevel) {
    self.pool = pool
    table = level.table.pointee
  }

  /// Columns of a panel (`Panels`).
  var panel: Int { Int(table.panel) }
  /// Rows that a product takes through its epilogue at a time.
  var stripRows: Int { Int(table.strip_rows) }

  public var threads: Int { pool.threads }

  /// Runs `body` once for each piece in 0..<pieces, on all threads (`ThreadPool.run`). What the pieces are follows from
  /// shapes alone.
  public func run(_ pieces: Int, _ body: (_ piece: Int, _ thread: Int) -> Void) { pool.run(pieces, body) }

  /// The piece that whoever runs `piece` takes next, most likely; nil at a share's end.
  func next(after piece: Int, of pieces: Int) -> Int? { pool.next(after: piece, of: pieces) }

  /// The working memory of one thread: as many bytes as the operation asked for, undefined at first.
  public func scratch(_ thread: Int) -> UnsafeMutablePointer<Real> { pool.scratch(thread) }

  /// The working memory of the calling thread, outside `run`, as doubles.
  var doubles: UnsafeMutablePointer<Double> {
    UnsafeMutableRawPointer(scratch(0)).assumingMemoryBound(to: Double.self)
  }
}
