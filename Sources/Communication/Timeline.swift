import Synchronization
import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// What a rank did when: spans of time of the thread that computes and of the one that
/// talks to other ranks.
public final class Timeline: Sendable {
  public enum Lane: UInt64, Sendable, CaseIterable, BitwiseCopyable {
    case computing, communicating
    /// Moments at which vectors became ready to be summed.
    case handingOver
  }

  /// From `start` to `end`, in nanoseconds of this machine's monotonic clock.
  public struct Span: Sendable, Equatable, BitwiseCopyable {
    public var name: ShortName
    public var lane: Lane
    /// The step it belongs to, counted from 1.
    public var step: UInt64
    public var start: UInt64
    public var end: UInt64
    /// Of an exchange: which of several vectors, the partner, and bytes sent and awaited; of a vector handed over its
    /// number and bytes. Else 0; partner −1.
    public var tag: Int64 = 0
    public var partner: Int64 = -1
    public var sent: Int64 = 0
    public var awaited: Int64 = 0
  }

  private let spans = Mutex<[Span]>([])

  public init() {}

  public static var now: UInt64 { nanoseconds(CLOCK_MONOTONIC) }

  /// Nanoseconds that this thread has had of a core.
  public static var threadTime: UInt64 { nanoseconds(CLOCK_THREAD_CPUTIME_ID) }

  private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  public func add(_ span: Span) { spans.withLock { $0.append(span) } }

  /// What has been added so far.
  public var all: [Span] { spans.withLock { $0 } }
}

extension Communicator {
  /// Nanoseconds to be added to this rank's monotonic clock to get rank 0's. Every rank calls it.
  ///
  /// Of several questions to rank 0 the one that was answered fastest counts, its answer taken to be of the middle of
  /// the time it took: wrong by half of that time at most.
  public func clockOffset() throws(CommunicationError) -> Int64 {
    let rounds = 16
    let answer = Buffer<UInt64>(count: 1)
    let room = UnsafeMutableRawBufferPointer(answer.values)
    let nothing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    var (best, offset) = (UInt64.max, Int64(0))
    for other in 1..<max(1, worldSize) where rank == 0 || rank == other {
      for round in 0..<rounds {
        let label = ExchangeLabel("clock", tag: round)
        let asked = Timeline.now
        // A question without words, and the answer.
        if rank == 0 {
          _ = try exchange(UnsafeRawBufferPointer(nothing), nothing, label, partner: other)
          answer.pointer.pointee = Timeline.now
          _ = try exchange(UnsafeRawBufferPointer(room), nothing, label, partner: other)
        } else {
          _ = try exchange(UnsafeRawBufferPointer(nothing), nothing, label, partner: 0)
          _ = try exchange(UnsafeRawBufferPointer(nothing), room, label, partner: 0)
          let took = Timeline.now - asked
          guard took < best else { continue }
          best = took
          offset = Int64(bitPattern: answer.pointer.pointee &- (asked + took / 2))
        }
      }
    }
    return offset
  }

  /// Every rank's spans, in rank order and on rank 0's clock.
  public func gather(_ timeline: Timeline, clockOffset: Int64) throws(CommunicationError) -> [[Timeline.Span]] {
    let own = timeline.all.map { span in
      var span = span
      span.start = UInt64(bitPattern: Int64(bitPattern: span.start) &+ clockOffset)
      span.end = UInt64(bitPattern: Int64(bitPattern: span.end) &+ clockOffset)
      return span
    }
    let gathered = try allGather(own.withUnsafeBytes { Array($0) })
    return gathered.map { bytes in
      bytes.withUnsafeBytes { bytes in
        (0..<bytes.count / MemoryLayout<Timeline.Span>.stride).map {
          bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Timeline.Span>.stride, as: Timeline.Span.self)
        }
      }
    }
  }
}
