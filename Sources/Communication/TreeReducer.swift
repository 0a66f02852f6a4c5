import Tensors

/// Sums vectors over ranks in one fixed balanced binary tree over rank index, to the same bits on every rank.
///
/// With s⁰_r the vector of rank r, level l adds neighbouring subtrees of 2ˡ ranks, lower ranks on the left:
///
///     s^{l+1}_j = s^l_{2j} + s^l_{2j+1}         the result is s^{log₂ P}_0
///
/// *Recursive doubling*, for short vectors: at distance d = 1, 2, 4 … partners r and r ⊕ d exchange their whole
/// partial sums, and both add them in the same order. *Reduce-scatter and all-gather*, for long ones: at each distance
/// partners share out the range they both hold, lower ranks keeping the lower half, and each adds its half only; then
/// the finished pieces go back at distances … 4, 2, 1. Each element is added along the same tree either way, so the
/// bits are the same, and a rank sends 2(1 − 1/P) times the vector rather than log₂ P times.
///
/// Long vectors in memory that partners share (`Communicator.shareMemory`) are not sent: each reads its half of both where
/// they lie, and writes what is finished into the partner's too.
///
/// Every exchange carries the reducer's name, the caller's tag and the witness, the bits of k_t. Where partners' witnesses differ both throw in that exchange.
/// (NaNs excepted: whose payload survives an addition is the processor's choice.)
public final class TreeReducer: Reducer {
  /// Bytes of vectors for which reduce-scatter is the faster way (`equipoise bench allreduce`). Two ranks send as much
  /// either way, and doubling is one exchange in place of two; in memory they share nothing is sent.
  public static func usuallyScattered(worldSize: Int, isShared: Bool) -> Range<Int> {
    worldSize > 2 || isShared ? 192 << 10..<Int.max : 0..<0
  }

  /// The same for vectors at `address`.
  public static func usuallyScattered(
    _ communicator: any Communicator, at address: UnsafeMutableRawPointer
  ) -> Range<Int> {
    let neighbour = communicator.counterpart(of: address, at: communicator.rank ^ 1)
    return usuallyScattered(worldSize: communicator.worldSize, isShared: neighbour != nil)
  }

  private let communicator: any Communicator
  private let scattered: Range<Int>?
  private let name: ShortName
  private let scratch: Buffer<UInt8>

  /// - Parameters:
  ///   - name: whose sum it is.
  ///   - largest: bytes of the longest vector it will be given.
  ///   - scattered: bytes of vectors that go by reduce-scatter; nil: the usual ones.
  public init(_ communicator: any Communicator, _ name: ShortName, largest: Int, scattered: Range<Int>? = nil) {
    precondition(
      communicator.worldSize.nonzeroBitCount == 1, "a balanced tree has a power of two of ranks")
    self.communicator = communicator
    self.scattered = scattered
    self.name = name
    // Doubling receives the whole vector, scattering the larger half.
    let half = largest / 2 + MemoryLayout<Double>.stride
    let ways = scattered ?? Self.usuallyScattered(worldSize: communicator.worldSize, isShared: false)
    let doubled = ways.contains(largest) ? ways.lowerBound : largest
    scratch = Buffer<UInt8>(count: communicator.worldSize == 1 ? 0 : max(doubled, half))
  }

  /// Replaces `values` by their sum over ranks.
  ///
  /// - Parameter tag: which of several vectors this one is.
  public func reduce(
    _ values: UnsafeMutableBufferPointer<Float>, tag: Int = 0, witness: UInt64
  ) throws(CommunicationError) {
    try reduceTree(
      values, ExchangeLabel(name, tag: tag, witness: witness, vector: values.count * MemoryLayout<Float>.stride))
  }

  /// Replaces `values` by their sum over ranks.
  public func reduce(
    _ values: UnsafeMutableBufferPointer<Double>, tag: Int = 0, witness: UInt64
  ) throws(CommunicationError) {
    try reduceTree(
      values, ExchangeLabel(name, tag: tag, witness: witness, vector: values.count * MemoryLayout<Double>.stride))
  }

  private func reduceTree<Number: BinaryFloatingPoint & BitwiseCopyable>(
    _ values: UnsafeMutableBufferPointer<Number>, _ label: ExchangeLabel
  ) throws(CommunicationError) {
    guard communicator.worldSize > 1, let start = values.baseAddress else { return }
    let ways = scattered ?? Self.usuallyScattered(communicator, at: start)
    let scatters = ways.contains(values.count * MemoryLayout<Number>.stride)
    var range = 0..<values.count
    var distance = 1
    while distance < communicator.worldSize {
      let partner = communicator.rank ^ distance
      let isLower = communicator.rank < partner
      let given = scatters ? Self.half(range, lower: !isLower) : range
      if scatters { range = Self.half(range, lower: isLower) }
      if scatters, let theirs = counterpart(of: start, at: partner) {
        try synchronize(label, partner)
        let (own, theirs) = (start + range.lowerBound, theirs + range.lowerBound)
        // The last sum is all: the partner gets it at once.
        if 2 * distance == communicator.worldSize {
          PairSum.addToBoth(isLower ? own : theirs, isLower ? theirs : own, range.count)
        } else {
          Self.add(theirs, to: own, isLower: isLower, count: range.count)
        }
      } else {
        let room = range.count * MemoryLayout<Number>.stride
        precondition(room <= scratch.count, "a vector longer than the reducer was made for")
        let received = UnsafeMutableRawBufferPointer(start: scratch.pointer, count: room)
        try exchange(
          UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: values[given])), received, label, partner)
        received.withMemoryRebound(to: Number.self) { theirs in
          guard let theirs = theirs.baseAddress else { return }
          Self.add(theirs, to: start + range.lowerBound, isLower: isLower, count: range.count)
        }
      }
      distance *= 2
    }
    if scatters { try gather(values, label) }
  }

  /// - Parameter isLower: whether `own` is the sum of the lower ranks.
  private static func add<Number: BinaryFloatingPoint>(
    _ theirs: UnsafePointer<Number>, to own: UnsafeMutablePointer<Number>, isLower: Bool, count: Int
  ) {
    if isLower {
      PairSum.addUpper(own, theirs, count)
    } else {
      PairSum.addLower(theirs, own, count)
    }
  }

  /// Hands the finished pieces back along the ways they came.
  private func gather<Number: BitwiseCopyable>(
    _ values: UnsafeMutableBufferPointer<Number>, _ label: ExchangeLabel
  ) throws(CommunicationError) {
    var distance = communicator.worldSize / 2
    while distance >= 1 {
      let partner = communicator.rank ^ distance
      // What both held before they shared it out at this distance.
      var shared = 0..<values.count
      var earlier = 1
      while earlier < distance {
        shared = Self.half(shared, lower: communicator.rank & earlier == 0)
        earlier *= 2
      }
      let isLower = communicator.rank < partner
      let (own, theirs) = (Self.half(shared, lower: isLower), Self.half(shared, lower: !isLower))
      if let memory = counterpart(of: values.baseAddress!, at: partner) {
        if 2 * distance < communicator.worldSize {
          (memory + own.lowerBound).update(from: values.baseAddress! + own.lowerBound, count: own.count)
        }
        try synchronize(label, partner)
      } else {
        try exchange(
          UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: values[own])),
          UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: values[theirs])), label, partner)
      }
      distance /= 2
    }
  }

  private func counterpart<Number>(
    of start: UnsafeMutablePointer<Number>, at partner: Int
  ) -> UnsafeMutablePointer<Number>? {
    communicator.counterpart(of: start, at: partner)?.assumingMemoryBound(to: Number.self)
  }

  /// Returns when the partner has come to the same exchange: what it has summed until then is there.
  private func synchronize(_ label: ExchangeLabel, _ partner: Int) throws(CommunicationError) {
    try exchange(
      UnsafeRawBufferPointer(start: nil, count: 0), UnsafeMutableRawBufferPointer(start: nil, count: 0), label, partner)
  }

  private func exchange(
    _ outgoing: UnsafeRawBufferPointer, _ incoming: UnsafeMutableRawBufferPointer, _ label: ExchangeLabel,
    _ partner: Int
  ) throws(CommunicationError) {
    let theirs = try communicator.exchange(outgoing, incoming, label, partner: partner)
    guard theirs == label.witness else {
      throw .witnessDiffers(rank: communicator.rank, own: label.witness, partner: partner, theirs: theirs)
    }
  }

  private static func half(_ range: Range<Int>, lower: Bool) -> Range<Int> {
    let middle = range.lowerBound + range.count / 2
    return lower ? range.lowerBound..<middle : middle..<range.upperBound
  }
}
