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
/// Unchecked: `requests` and `witnesses` belong to the one thread that is inside a call (see `Communicator`).
public final class MPICommunicator: Communicator, @unchecked Sendable {
  public let rank: Int
  public let worldSize: Int
  public let localRank: Int
  public let localSize: Int
  private let requests = UnsafeMutablePointer<MPI_Request?>.allocate(capacity: 4)
  private let witnesses = UnsafeMutablePointer<UInt64>.allocate(capacity: 2)
  private var isFinalized = false

  /// Bytes of the largest single message; MPI counts with 32 bits.
  private static let largestMessage = 1 << 30

  /// Initialises MPI, once in a process. Signal handlers are to be installed before.
  public init() throws(CommunicationError) {
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

  deinit {
    requests.deallocate()
    witnesses.deallocate()
  }

  public func exchange(
    _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer, witness: UInt64, partner: Int,
    tag: Int32
  ) throws(CommunicationError) -> UInt64 {
    precondition(partner != rank)
    // The witness goes ahead of the bytes, in requests of its own: it costs no wait more, and its arrival says that
    // the partner is here.
    let peer = Int32(partner)
    let (own, theirs) = (witnesses, witnesses + 1)
    own.pointee = witness
    try receive(UnsafeMutableRawBufferPointer(start: theirs, count: 8), peer, tag, slot: 0)
    try send(UnsafeRawBufferPointer(start: own, count: 8), peer, tag, slot: 1)
    let length = max(outgoing.count, incoming.count)
    for start in stride(from: 0, to: max(length, 1), by: Self.largestMessage) {
      let sent = outgoing.dropFirst(start).prefix(Self.largestMessage)
      let awaited = incoming.dropFirst(start).prefix(Self.largestMessage)
      // Both partners skip the pieces that only one of the two directions has.
      let (sends, awaits) = (start == 0 || !sent.isEmpty, start == 0 || !awaited.isEmpty)
      if awaits { try receive(UnsafeMutableRawBufferPointer(rebasing: awaited), peer, tag, slot: 2) }
      if sends { try send(UnsafeRawBufferPointer(rebasing: sent), peer, tag, slot: 3) }
      if start == 0 {
        try complete(0, "MPI_Irecv", bytes: 8)
        try complete(1, "MPI_Isend", .forTransfer(bytes: 8))
      }
      if awaits { try complete(2, "MPI_Irecv", .forTransfer(bytes: awaited.count), bytes: awaited.count) }
      if sends { try complete(3, "MPI_Isend", .forTransfer(bytes: sent.count)) }
    }
    return theirs.pointee
  }

  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, root: Int) throws(CommunicationError) {
    var start = 0
    while start < bytes.count {
      let count = min(Self.largestMessage, bytes.count - start)
      try check(
        MPI_Ibcast(bytes.baseAddress! + start, Int32(count), cmpi_byte(), Int32(root), cmpi_comm_world(), requests),
        "MPI_Ibcast")
      try complete(0, "MPI_Ibcast")
      start += count
    }
  }

  public func allGather(_ bytes: [UInt8]) throws(CommunicationError) -> [[UInt8]] {
    // Buffers, not arrays: MPI writes to them between calls, so they must stay where they are.
    let length = Buffer<Int>(count: 1)
    length.pointer.pointee = bytes.count
    let lengths = Buffer<Int>(count: worldSize)
    let width = Int32(MemoryLayout<Int>.size)
    try check(
      MPI_Iallgather(
        length.pointer, width, cmpi_byte(), lengths.pointer, width, cmpi_byte(), cmpi_comm_world(), requests),
      "MPI_Iallgather")
    try complete(0, "MPI_Iallgather")

    let total = lengths.values.reduce(0, +)
    guard total <= Self.largestMessage else {
      throw .callFailed(rank: rank, call: "MPI_Iallgatherv", cause: "\(total) bytes are more than it can gather")
    }
    let own = Buffer<UInt8>(count: bytes.count)
    _ = own.values.update(from: bytes)
    let all = Buffer<UInt8>(count: total)
    let counts = Buffer<Int32>(count: worldSize)
    let starts = Buffer<Int32>(count: worldSize)
    for other in 0..<worldSize {
      counts.values[other] = Int32(lengths.values[other])
      starts.values[other] = other == 0 ? 0 : starts.values[other - 1] + counts.values[other - 1]
    }
    try check(
      MPI_Iallgatherv(
        own.pointer, Int32(bytes.count), cmpi_byte(), all.pointer, counts.pointer, starts.pointer, cmpi_byte(),
        cmpi_comm_world(), requests), "MPI_Iallgatherv")
    try complete(0, "MPI_Iallgatherv")
    return (0..<worldSize).map { other in
      let start = Int(starts.values[other])
      return Array(all.values[start..<start + lengths.values[other]])
    }
  }

  public func libraryAllReduce(_ values: UnsafeMutableBufferPointer<Real>) throws(CommunicationError) {
    let number = MemoryLayout<Real>.size == 4 ? cmpi_float() : cmpi_double()
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

  public func barrier() throws(CommunicationError) {
    try check(MPI_Ibarrier(cmpi_comm_world(), requests), "MPI_Ibarrier")
    try complete(0, "MPI_Ibarrier")
  }

  public func finalize() {
    guard !isFinalized else { return }
    isFinalized = true
    MPI_Finalize()
  }

  public func abort(code: Int32) {
    MPI_Abort(cmpi_comm_world(), code)
    exit(code)
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

  /// Waits for the request in `slot`, and where it is a receive, checks that as many bytes came as expected.
  private func complete(
    _ slot: Int, _ call: String, _ wait: PoliteWait = .forPartner(), bytes: Int? = nil
  ) throws(CommunicationError) {
    var wait = wait
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

  private static func check(_ code: Int32, _ call: String, rank: Int) throws(CommunicationError) {
    guard code != MPI_SUCCESS else { return }
    var text = [CChar](repeating: 0, count: Int(cmpi_max_error_string()) + 1)
    var length: Int32 = 0
    MPI_Error_string(code, &text, &length)
    let cause = String(decoding: text.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    throw .callFailed(rank: rank, call: call, cause: cause)
  }
}
