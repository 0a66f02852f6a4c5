/// The activations of one repeated computation (a training step, an evaluation batch), laid out once.
///
/// The computation is first *planned*: it runs with `isPlanning` set, its allocations and releases are recorded and
/// nothing is computed. From the lifetimes an offset for each tensor is chosen, and one block is reserved. Every later
/// *run* makes the same calls in the same order and is given the planned places, so a step allocates nothing and
/// touches no new page. Tensors have owners, counted while planning alone: who allocates or retains one releases it. See docs/design/arena.md.
public final class Arena {
  private struct Request {
    let bytes: Int
    let birth: Int
    var death = Int.max
    var owners = 1
    var offset = 0
  }

  private var requests: [Request] = []
  private var clock = 0
  private var cursor = 0
  private var block = Buffer<UInt8>(count: 0)
  private var isPlanned = false
  public private(set) var isPlanning = false

  public init() {}

  /// Bytes of the block, known once planned.
  public var byteCount: Int { block.count }

  /// Records `computation`'s allocations, lays them out, and reserves the memory.
  ///
  /// While `isPlanning` tensors have no values: `computation` must not touch any (`KernelContext.perform`).
  public func plan(_ computation: () throws -> Void) rethrows {
    precondition(!isPlanned && !isPlanning, "an arena is planned once")
    isPlanning = true
    try computation()
    isPlanning = false
    block = Buffer<UInt8>(count: Self.layOut(&requests))
    isPlanned = true
  }

  /// Runs `computation` in the planned places.
  public func run<Result, Failure: Error>(_ computation: () throws(Failure) -> Result) throws(Failure) -> Result {
    precondition(isPlanned, "an arena is planned before it runs")
    cursor = 0
    return try computation()
  }

  /// A tensor whose values are undefined until written.
  public func allocate(_ shape: Shape) -> Tensor {
    let bytes = (shape.count * MemoryLayout<Real>.stride + 63) & ~63
    if isPlanning {
      requests.append(Request(bytes: bytes, birth: clock))
      clock += 1
      // A stand-in that carries the request's number; nothing reads or writes through it.
      return Tensor(UnsafeMutablePointer(bitPattern: requests.count * 64)!, shape)
    }
    let request = requests[cursor]
    precondition(request.bytes == bytes, "a run differs from its plan")
    cursor += 1
    return Tensor(
      UnsafeMutableRawPointer(block.pointer + request.offset).assumingMemoryBound(to: Real.self), shape)
  }

  /// Gives a tensor one more owner. A tensor that is not this arena's is left alone.
  public func retain(_ tensor: Tensor) {
    guard isPlanning, let number = number(of: tensor) else { return }
    requests[number].owners += 1
  }

  /// Takes one owner from a tensor. After its last its place may serve later allocations. A tensor that is not this
  /// arena's is left alone.
  public func release(_ tensor: Tensor) {
    guard isPlanning, let number = number(of: tensor) else { return }
    requests[number].owners -= 1
    guard requests[number].owners == 0 else { return }
    requests[number].death = clock
    clock += 1
  }

  /// The request behind a stand-in; nil for a real address.
  private func number(of tensor: Tensor) -> Int? {
    let number = Int(bitPattern: tensor.pointer) / 64 - 1
    guard requests.indices.contains(number) else { return nil }
    precondition(requests[number].owners > 0, "used after its last release")
    return number
  }

  /// Chooses offsets so that tensors alive together do not overlap: largest first, each in the lowest gap that fits.
  private static func layOut(_ requests: inout [Request]) -> Int {
    var placed: [Int] = []  // by ascending offset
    var total = 0
    for index in requests.indices.sorted(by: { (requests[$0].bytes, $1) > (requests[$1].bytes, $0) }) {
      let request = requests[index]
      var offset = 0
      for index in placed {
        let other = requests[index]
        guard other.birth < request.death && request.birth < other.death else { continue }
        if offset + request.bytes <= other.offset { break }
        offset = max(offset, other.offset + other.bytes)
      }
      requests[index].offset = offset
      total = max(total, offset + request.bytes)
      let position = placed.firstIndex { requests[$0].offset > offset } ?? placed.count
      placed.insert(index, at: position)
    }
    return total
  }
}
