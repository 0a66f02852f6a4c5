import CMPI
import Platform
import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// The ranks of an MPI program.
///
/// MPI_ERRORS_RETURN is set, so that what MPI reports arrives as a `CommunicationError`. Waiting is polite
/// (`SemaphoreMailboxes`, `PollingWait`) everywhere but in `libraryAllReduce` and in beginning, sharing memory and ending, where it is
/// the library's own.
///
/// Unchecked: `requests`, `headers`, `bandwidths` and `shared` belong to the one thread that is inside a call (see
/// `Communicator`).
public final class MPICommunicator: Communicator, @unchecked Sendable {
  public let rank: Int
  public let worldSize: Int
  public let localRank: Int
  public let localSize: Int
  public let activity = Activity()
  /// The headers' two, then those of pieces that are sent, then those of pieces that are awaited.
  private let requests = UnsafeMutablePointer<MPI_Request?>.allocate(capacity: 2 + 2 * piecesAtOnce)
  private let statuses = UnsafeMutablePointer<MPI_Status>.allocate(capacity: 2 * piecesAtOnce)
  private let headers = UnsafeMutablePointer<ExchangeHeader>.allocate(capacity: 2)
  private var isFinalized = false
  /// Of transfers from and to each rank.
  private var bandwidths: [BandwidthEstimate]
  /// The local numbers of the ranks on this machine; nil for all others.
  private var localNumbers: [Int?]
  /// The ranks of this machine.
  private var machine: MPI_Comm?
  /// Nil where this rank is alone on its machine.
  private let mailboxes: SemaphoreMailboxes?
  /// What the machine's ranks see of each other's memory.
  private var shared: [(memory: SharedMemory, window: MachineWindow)] = []

  /// Bytes of the largest single message; MPI counts with 32 bits.
  private static let largestMessage = 1 << 30
  /// Bytes of a message between machines that Open MPI sends without announcing it (64 KiB with its own header): an
  /// announced one waits for the partner's answer, which comes behind all that the partner is itself sending.
  private static let unannouncedMessage = 60 << 10
  /// Messages each way that a long vector is sent in at once.
  private static let piecesAtOnce = 512
  /// Bytes of memory to share that are left for others, and for what the library itself shares, of each rank.
  private static let sharedMemoryLeft = 16 << 20
  private static let sharedMemoryOfRank = 4 << 20
  private static let headerTag: Int32 = 0
  private static let bytesTag: Int32 = 1
  /// Seconds that MPI_Abort has to end this process too.
  private static let abortSeconds: UInt32 = 3

  /// Initialises MPI, once in a process. Signal handlers are to be installed before.
  public init() throws(CommunicationError) {
    Self.letAnswersPass()
    cmpi_sleep_exactly()
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
    bandwidths = Array(repeating: BandwidthEstimate(), count: Int(number))
    try Self.check(
      MPI_Comm_split_type(
        cmpi_comm_world(), cmpi_comm_type_shared(), Int32(rank), cmpi_info_null(), &machine),
      "MPI_Comm_split_type", rank: rank)
    try Self.check(MPI_Comm_rank(machine, &number), "MPI_Comm_rank", rank: rank)
    localRank = Int(number)
    try Self.check(MPI_Comm_size(machine, &number), "MPI_Comm_size", rank: rank)
    localSize = Int(number)
    var (own, near) = (Int32(rank), [Int32](repeating: 0, count: localSize))
    let width = Int32(MemoryLayout<Int32>.size)
    try Self.check(
      MPI_Allgather(&own, width, cmpi_byte(), &near, width, cmpi_byte(), machine), "MPI_Allgather", rank: rank)
    localNumbers = Array(repeating: nil, count: worldSize)
    for (local, other) in near.enumerated() { localNumbers[Int(other)] = local }
    mailboxes =
      localSize == 1 ? nil : try SemaphoreMailboxes(machine, rank: rank, localRank: localRank, localSize: localSize)
    self.rank = rank
  }

  /// Asks Open MPI to send its own algorithms' long messages over TCP in pieces, unless the user has said otherwise: its
  /// usual flags without `put`. In one piece each way partners who begin a little apart send one after the other.
  private static func letAnswersPass() { setenv("OMPI_MCA_btl_tcp_flags", "312", 0) }

  deinit {
    requests.deallocate()
    statuses.deallocate()
    headers.deallocate()
  }

  public func exchange(
    _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer, _ label: ExchangeLabel, partner: Int
  ) throws(CommunicationError) -> UInt64 {
    precondition(partner != rank)
    activity.beginExchange(label, with: partner, sent: outgoing.count, awaited: incoming.count)
    defer { activity.endExchange() }
    // The header goes ahead of the bytes: its arrival says that the partner is here. On this machine it lies at the door,
    // elsewhere it comes in requests of its own. What follows has another tag, so that whatever the partner sends first is
    // taken for a header. Nothing is received before the headers fit: an error must leave no request that still writes to
    // the caller's memory.
    let peer = Int32(partner)
    let local = localNumbers[partner]
    let header = ExchangeHeader(label, step: activity.step, count: outgoing.count, awaited: incoming.count)
    if local == nil { try beginSwapping(header, peer) }
    let piece = local == nil ? Self.unannouncedMessage : Self.largestMessage
    let whole = max(outgoing.count, incoming.count)
    let isIdle = !activity.isComputing
    let spin = PollingWait.spin(bytes: whole, isIdle: isIdle)
    var witness: UInt64 = 0
    var start = 0
    repeat {
      // Both partners skip the pieces that only one of the two directions has.
      let end = min(whole, start + Self.piecesAtOnce * piece)
      let sends = requests + 2
      var count = 0
      for from in stride(from: start, to: min(end, outgoing.count), by: piece) {
        let bytes = UnsafeRawBufferPointer(rebasing: outgoing[from..<min(from + piece, outgoing.count)])
        try send(bytes, peer, Self.bytesTag, sends + count)
        count += 1
      }
      let nanosecondsPerByte = bandwidths[partner].nanosecondsPerByte(of: end - start)
      if start == 0 {
        let theirs =
          if let local, let mailboxes {
            mailboxes.exchange(header, with: local)
          } else {
            try endSwapping(.forPartner(bytes: end, nanosecondsPerByte: nanosecondsPerByte, spin: spin, isIdle: isIdle))
          }
        try theirs.check(own: header, rank: rank, partner: partner)
        witness = theirs.witness
      }
      if whole == 0 { break }
      let transfer = PollingWait.forTransfer(
        bytes: end - start, nanosecondsPerByte: nanosecondsPerByte, isCarried: local == nil, spin: spin,
        isIdle: isIdle)
      let sent = count
      for from in stride(from: start, to: min(end, incoming.count), by: piece) {
        let bytes = UnsafeMutableRawBufferPointer(rebasing: incoming[from..<min(from + piece, incoming.count)])
        try receive(bytes, peer, Self.bytesTag, sends + count)
        count += 1
      }
      try complete(sends, count, "MPI_Isend or MPI_Irecv", transfer)
      for (index, from) in stride(from: start, to: min(end, incoming.count), by: piece).enumerated() {
        try checkCount(statuses + sent + index, min(piece, incoming.count - from))
      }
      bandwidths[partner].update(nanoseconds: transfer.elapsed, of: end - start)
      start = end
    } while start < whole
    return witness
  }

  /// Sends a header and asks for the partner's.
  private func beginSwapping(_ header: ExchangeHeader, _ peer: Int32) throws(CommunicationError) {
    let size = MemoryLayout<ExchangeHeader>.size
    headers.pointee = header
    try receive(UnsafeMutableRawBufferPointer(start: headers + 1, count: size), peer, Self.headerTag, requests)
    try send(UnsafeRawBufferPointer(start: headers, count: size), peer, Self.headerTag, requests + 1)
  }

  /// Waits until this rank's header is sent and the partner's is there.
  private func endSwapping(_ wait: PollingWait) throws(CommunicationError) -> ExchangeHeader {
    try complete(requests, 1, "MPI_Irecv", wait)
    try checkCount(statuses, MemoryLayout<ExchangeHeader>.size)
    try complete(requests + 1, 1, "MPI_Isend", wait)
    return headers[1]
  }

  public func shareMemory(bytes: Int) throws(CommunicationError) -> SharedMemory {
    // What lacks would end a process when it is first written to. Ranks that are alone are asked too: all call this.
    // Open MPI itself asks for a twentieth more than it takes.
    let size = localSize * MachineWindow.taken(bytes: bytes)
    let left = max(Self.sharedMemoryLeft, localSize * Self.sharedMemoryOfRank)
    let hasRoom = Self.sharedMemoryFree >= size + size / 16 + left
    let verdicts = try allGather(numbers: [hasRoom ? 1 : 0])
    guard localSize > 1, (0..<worldSize).allSatisfy({ localNumbers[$0] == nil || verdicts[$0] == [1] }) else {
      return SharedMemory(count: bytes)
    }
    let window = try MachineWindow(machine, bytes: bytes, rank: rank, localRank: localRank, localSize: localSize)
    let memory = SharedMemory(
      UnsafeMutableRawBufferPointer(start: window.parts[localRank], count: bytes),
      parts: localNumbers.map { local in local.map { window.parts[$0] } })
    shared.append((memory, window))
    // Nobody is seen before all is zeroed.
    try check(MPI_Barrier(machine), "MPI_Barrier")
    return memory
  }

  public func counterpart(of address: UnsafeMutableRawPointer, at partner: Int) -> UnsafeMutableRawPointer? {
    for (memory, _) in shared {
      if let place = memory.counterpart(of: address, at: partner) { return place }
    }
    return nil
  }

  /// Bytes free where the library makes memory that ranks share.
  private static var sharedMemoryFree: Int {
    var status = statvfs()
    guard statvfs("/dev/shm", &status) == 0 else { return 0 }
    return Int(status.f_bavail) * Int(status.f_frsize)
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
    mailboxes?.free()
    for (_, window) in shared { window.free() }
    MPI_Comm_free(&machine)
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
    _ bytes: UnsafeMutableRawBufferPointer, _ peer: Int32, _ tag: Int32, _ request: UnsafeMutablePointer<MPI_Request?>
  ) throws(CommunicationError) {
    try check(
      MPI_Irecv(bytes.baseAddress, Int32(bytes.count), cmpi_byte(), peer, tag, cmpi_comm_world(), request), "MPI_Irecv")
  }

  private func send(
    _ bytes: UnsafeRawBufferPointer, _ peer: Int32, _ tag: Int32, _ request: UnsafeMutablePointer<MPI_Request?>
  ) throws(CommunicationError) {
    try check(
      MPI_Isend(bytes.baseAddress, Int32(bytes.count), cmpi_byte(), peer, tag, cmpi_comm_world(), request), "MPI_Isend")
  }

  /// Waits for `count` requests, and leaves their statuses in `statuses`.
  private func complete(
    _ requests: UnsafeMutablePointer<MPI_Request?>, _ count: Int, _ call: String, _ wait: PollingWait
  ) throws(CommunicationError) {
    var isDone: Int32 = 0
    while true {
      try check(MPI_Testall(Int32(count), requests, &isDone, statuses), call)
      if isDone != 0 { break }
      wait.sleepUntilNextPoll()
    }
  }

  /// - Parameter status: a receive's that is complete.
  private func checkCount(_ status: UnsafeMutablePointer<MPI_Status>, _ bytes: Int) throws(CommunicationError) {
    var count: Int32 = 0
    try check(MPI_Get_count(status, cmpi_byte(), &count), "MPI_Get_count")
    guard count == bytes else {
      throw .callFailed(
        rank: rank, call: "MPI_Irecv", cause: "rank \(status.pointee.MPI_SOURCE) sent \(count) bytes, not \(bytes)")
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
