import CMPI

/// The channel of an MPI program: a communicator of its own, which the watchdog's thread uses beside the others.
///
/// Unchecked: everything belongs to the one thread that uses it.
final class MPIStatusChannel: StatusChannel, @unchecked Sendable {
  private let communicator: MPI_Comm
  /// By partner: a message to one that is stopped may stay under way for ever, and must not be in the way of others.
  private var outgoing: [Int: [Envelope]] = [:]
  private let incoming: UnsafeMutablePointer<UInt64>
  private static let capacity = StatusTable.messageRows * RankStatus.wordCount

  init(_ communicator: MPI_Comm) {
    self.communicator = communicator
    incoming = .allocate(capacity: Self.capacity)
  }

  deinit { incoming.deallocate() }

  func post(_ messages: [[UInt64]], to partner: Int) {
    let envelopes = outgoing[partner] ?? messages.map { _ in Envelope(capacity: Self.capacity) }
    outgoing[partner] = envelopes
    guard envelopes.allSatisfy({ $0.isFree() }) else { return }
    for (envelope, message) in zip(envelopes, messages) {
      envelope.words.update(from: message, count: message.count)
      envelope.isUnderWay =
        MPI_Isend(
          envelope.words, Int32(8 * message.count), cmpi_byte(), Int32(partner), 0, communicator, envelope.request)
        == MPI_SUCCESS
    }
  }

  func next() -> [UInt64]? {
    var isThere: Int32 = 0
    var status = MPI_Status()
    var bytes: Int32 = 0
    guard MPI_Iprobe(cmpi_any_source(), 0, communicator, &isThere, &status) == MPI_SUCCESS, isThere != 0,
      MPI_Get_count(&status, cmpi_byte(), &bytes) == MPI_SUCCESS, bytes <= 8 * Self.capacity,
      MPI_Recv(incoming, bytes, cmpi_byte(), status.MPI_SOURCE, 0, communicator, &status) == MPI_SUCCESS
    else { return nil }
    return Array(UnsafeBufferPointer(start: incoming, count: Int(bytes) / 8))
  }
}

/// Memory of one message under way.
private final class Envelope {
  let words: UnsafeMutablePointer<UInt64>
  let request = UnsafeMutablePointer<MPI_Request?>.allocate(capacity: 1)
  var isUnderWay = false

  init(capacity: Int) { words = .allocate(capacity: capacity) }

  deinit {
    // What never arrived is MPI's still.
    guard !isUnderWay else { return }
    words.deallocate()
    request.deallocate()
  }

  func isFree() -> Bool {
    guard isUnderWay else { return true }
    var isDone: Int32 = 0
    var status = MPI_Status()
    isUnderWay = MPI_Test(request, &isDone, &status) != MPI_SUCCESS || isDone == 0
    return !isUnderWay
  }
}
