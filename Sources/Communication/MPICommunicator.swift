import CMPI
import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// The ranks of an MPI program.
///
/// MPI_ERRORS_RETURN is set, so that what MPI reports arrives as a `CommunicationError`. Waiting is polite
/// (`PoliteWait`) everywhere but in `libraryAllReduce`, which is the library's own.
///
/// Unchecked: `requests`, `headers` and `pace` belong to the one thread that is inside a call (see `Communicator`).
public final class MPICommunicator: Communicator, @unchecked Sendable {
  public let rank: Int
  public let worldSize: Int
  public let localRank: Int
  public let localSize: Int
  public let activity = Activity()
  private let requests = UnsafeMutablePointer<MPI_Request?>.allocate(capacity: 4)
  private let headers = UnsafeMutablePointer<ExchangeHeader>.allocate(capacity: 2)
  private var isFinalized = false
  /// Nanoseconds that a byte from and to each rank takes, as far as has been seen; at first as fast as memory is copied.
  private var pace: [Double]

  /// Bytes of the largest single message; MPI counts with 32 bits.
  private static let largestMessage = 1 << 30
  /// Bytes of messages from whose time a pace can be told: a shorter one may be there before anybody waits for it.
  private static let tellingMessage = 128 << 10
  private static let headerTag: Int32 = 0
  private static let bytesTag: Int32 = 1
  /// Seconds that MPI_Abort has to end this process too.
  private static let abortSeconds: UInt32 = 3

  /// Initialises MPI, once in a process. Signal handlers are to be installed before.
  public init() throws(CommunicationError) {
    Self.letControlPassData()
    var granted: Int32 = 0
    try Self.check(MPI_Init_thread(nil, nil, cmpi_thread_multiple(), &granted), "MPI_Init_thread", rank: 0)
    var number: Int32 = 0
    try Self.check(MPI_Comm_rank(cmpi_comm_world(), &number), "MPI_Comm_rank", rank: 0)
    let rank = Int(number)
    guard granted >= cmpi_thread_multiple() else {
      throw .callFailed(
        rank: rank, call: "MPI_Init_thread",
        cause: "this MPI grants thread level \(granted); MPI_THREAD_MULTIPLE (\(cmpi_thread_multiple())) is needed")
    }
    try Self.check(
      MPI_Comm_set_errhandler(cmpi_comm_world(), cmpi_errors_return()), "MPI_Comm_set_errhandler", rank: rank)
    try Self.check(MPI_Comm_size(cmpi_comm_world(), &number), "MPI_Comm_size", rank: rank)
    worldSize = Int(number)
    pace = Array(repeating: 0.33, count: Int(number))
    var machine: MPI_Comm?
    try Self.check(
      MPI_Comm_split_type(
        cmpi_comm_world(), cmpi_comm_type_shared(), Int32(rank), cmpi_info_null(), &machine),
      "MPI_Comm_split_type", rank: rank)
    try Self.check(MPI_Comm_rank(machine, &number), "MPI_Comm_rank", rank: rank)
    localRank = Int(number)
    try Self.check(MPI_Comm_size(machine, &number), "MPI_Comm_size", rank: rank)
    localSize = Int(number)
    try Self.check(MPI_Comm_free(&machine), "MPI_Comm_free", rank: rank)
    self.rank = rank
  }

  /// Asks Open MPI for transfers over TCP that go both ways at once, unless the user has said otherwise.
  ///
  /// As Open MPI comes, a rank's answer to the announcement of a long message waits behind all that the rank itself is
  /// sending: partners who begin a little apart then send one after the other, at half the speed. Sent in pieces (its
  /// usual flags, 314, without `put`, 2) of which little lies in the kernel, answers go between them.
  private static func letControlPassData() {
    setenv("OMPI_MCA_btl_tcp_flags", "312", 0)
    setenv("OMPI_MCA_btl_tcp_sndbuf", "131072", 0)
  }

  deinit {
    requests.deallocate()
    headers.deallocate()
  }

  public func exchange(
    _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer, _ label: ExchangeLabel, partner: Int
  ) throws(CommunicationError) -> UInt64 {
    precondition(partner != rank)
    activity.beginExchange(label, with: partner, sent: outgoing.count, awaited: incoming.count)
    defer { activity.endExchange() }
    // The header goes ahead of the bytes, in requests of its own: its arrival says that the partner is here. What follows
    // has another tag, so that whatever the partner sends first is taken for a header. Nothing is received before the
    // headers fit: an error must leave no request that still writes to the caller's memory.
    let peer = Int32(partner)
    let (own, theirs) = (headers, headers + 1)
    let size = MemoryLayout<ExchangeHeader>.size
    own.pointee = ExchangeHeader(label, step: activity.step, count: outgoing.count, awaited: incoming.count)
    try receive(UnsafeMutableRawBufferPointer(start: theirs, count: size), peer, Self.headerTag, slot: 0)
    try send(UnsafeRawBufferPointer(start: own, count: size), peer, Self.headerTag, slot: 1)
    var start = 0
    repeat {
      // Both partners skip the pieces that only one of the two directions has.
      let sent = UnsafeRawBufferPointer(rebasing: outgoing.dropFirst(start).prefix(Self.largestMessage))
      let awaited = UnsafeMutableRawBufferPointer(rebasing: incoming.dropFirst(start).prefix(Self.largestMessage))
      if !sent.isEmpty { try send(sent, peer, Self.bytesTag, slot: 3) }
      if start == 0 {
        try complete(0, "MPI_Irecv", bytes: size)
        try theirs.pointee.check(own: own.pointee, rank: rank, partner: partner)
        try complete(1, "MPI_Isend")
      }
      let bytes = max(sent.count, awaited.count)
      let transfer = PoliteWait.forTransfer(bytes: bytes, nanosecondsPerByte: pace[partner])
      if !awaited.isEmpty {
        try receive(awaited, peer, Self.bytesTag, slot: 2)
        try complete(2, "MPI_Irecv", transfer, bytes: awaited.count)
      }
      if !sent.isEmpty { try complete(3, "MPI_Isend", transfer) }
      if bytes >= Self.tellingMessage { learn(pace: Double(transfer.passed) / Double(bytes), of: partner) }
      start += Self.largestMessage
    } while start < max(outgoing.count, incoming.count)
    return theirs.pointee.witness
  }

  public func libraryAllReduce(_ values: UnsafeMutableBufferPointer<Real>) throws(CommunicationError) {
    let number = MemoryLayout<Real>.size == 4 ? cmpi_float() : cmpi_double()
    let bytes = values.count * MemoryLayout<Real>.size
    activity.beginExchange(ExchangeLabel("MPI_Allreduce"), with: rank, sent: bytes, awaited: bytes)
    defer { activity.endExchange() }
    var start = 0
    while start < values.count {
      let count = min(Self.largestMessage / MemoryLayout<Real>.size, values.count - start)
      try check(
        MPI_Allreduce(
          cmpi_in_place(), values.baseAddress! + start, Int32(count), number, cmpi_sum(), cmpi_comm_world()),
        "MPI_Allreduce")
      start += count
    }
  }

  public func makeStatusChannel() throws(CommunicationError) -> any StatusChannel {
    var copy: MPI_Comm?
    try check(MPI_Comm_dup(cmpi_comm_world(), &copy), "MPI_Comm_dup")
    return MPIStatusChannel(copy!)
  }

  public func finalize() {
    guard !isFinalized else { return }
    isFinalized = true
    MPI_Finalize()
  }

  public func abort(code: Int32) {
    // Where mpirun is stopped or its way here is cut, MPI_Abort may not come back.
    do throws(SystemThreadError) {
      try SystemThread {
        sleep(Self.abortSeconds)
        _exit(code)
      }.detach()
    } catch {
      _exit(code)
    }
    MPI_Abort(cmpi_comm_world(), code)
    _exit(code)
  }

  private func receive(
    _ bytes: UnsafeMutableRawBufferPointer, _ peer: Int32, _ tag: Int32, slot: Int
  ) throws(CommunicationError) {
    try check(
      MPI_Irecv(
        bytes.baseAddress, Int32(bytes.count), cmpi_byte(), peer, tag, cmpi_comm_world(), requests + slot),
      "MPI_Irecv")
  }

  private func send(
    _ bytes: UnsafeRawBufferPointer, _ peer: Int32, _ tag: Int32, slot: Int
  ) throws(CommunicationError) {
    try check(
      MPI_Isend(bytes.baseAddress, Int32(bytes.count), cmpi_byte(), peer, tag, cmpi_comm_world(), requests + slot),
      "MPI_Isend")
  }

  /// A transfer that a busy core held up must not make the next ones look slow: paces fall at once, and rise slowly.
  private func learn(pace seen: Double, of partner: Int) {
    pace[partner] = min(seen, 1.2 * pace[partner])
  }

  /// Waits for the request in `slot`, and where it is a receive, checks that as many bytes came as expected.
  private func complete(
    _ slot: Int, _ call: String, _ wait: PoliteWait = .forPartner(), bytes: Int? = nil
  ) throws(CommunicationError) {
    var status = MPI_Status()
    var isDone: Int32 = 0
    while true {
      try check(MPI_Test(requests + slot, &isDone, &status), call)
      if isDone != 0 { break }
      wait.pass()
    }
    guard let bytes else { return }
    var count: Int32 = 0
    try check(MPI_Get_count(&status, cmpi_byte(), &count), "MPI_Get_count")
    guard count == bytes else {
      throw .callFailed(
        rank: rank, call: call, cause: "rank \(status.MPI_SOURCE) sent \(count) bytes, not \(bytes)")
    }
  }

  private func check(_ code: Int32, _ call: String) throws(CommunicationError) {
    try Self.check(code, call, rank: rank)
  }

  static func check(_ code: Int32, _ call: String, rank: Int) throws(CommunicationError) {
    guard code != MPI_SUCCESS else { return }
    var text = [CChar](repeating: 0, count: Int(cmpi_max_error_string()) + 1)
    var length: Int32 = 0
    MPI_Error_string(code, &text, &length)
    let cause = String(decoding: text.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    throw .callFailed(rank: rank, call: call, cause: cause)
  }
}
