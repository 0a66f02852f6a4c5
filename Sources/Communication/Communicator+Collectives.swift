import Tensors

/// Collective operations, made of exchanges: each carries a header, so that ranks that are in different ones say so
/// instead of waiting for ever.
extension Communicator {
  /// Replaces `bytes` on every rank by `root`'s, along a binomial tree.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, root: Int = 0) throws(CommunicationError) {
    let nothing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    // Ranks counted from the root on: place p has them from p without its lowest bit.
    let place = (rank - root + worldSize) % worldSize
    var distance = 1
    while distance < worldSize, place & distance == 0 { distance *= 2 }
    if place != 0 {
      _ = try exchange(
        UnsafeRawBufferPointer(nothing), bytes, ExchangeLabel("broadcast", tag: distance),
        partner: (place - distance + root) % worldSize)
    }
    distance /= 2
    while distance >= 1 {
      if place + distance < worldSize {
        _ = try exchange(
          UnsafeRawBufferPointer(bytes), nothing, ExchangeLabel("broadcast", tag: distance),
          partner: (place + distance + root) % worldSize)
      }
      distance /= 2
    }
  }

  /// Every rank's `bytes`, in rank order, on every rank. Lengths may differ.
  public func allGather(_ bytes: [UInt8]) throws(CommunicationError) -> [[UInt8]] {
    guard worldSize > 1 else { return [bytes] }
    // Up a binomial tree to rank 0: at distance d rank r hands what ranks r ..< r + d gave to rank r − d. Exchanges need
    // memory that stays where it is, so buffers, not arrays.
    var lengths = Buffer<UInt64>(count: 1)
    lengths.pointer.pointee = UInt64(bytes.count)
    var gathered = Buffer<UInt8>(count: bytes.count)
    _ = gathered.values.update(from: bytes)
    var distance = 1
    while distance < worldSize {
      let label = ExchangeLabel("gather", tag: distance)
      if rank & distance != 0 {
        try give(lengths, label, to: rank - distance)
        try give(gathered, label, to: rank - distance)
        break
      }
      let other = rank + distance
      if other < worldSize {
        let theirLengths = Buffer<UInt64>(count: min(distance, worldSize - other))
        try take(theirLengths, label, from: other)
        let theirs = Buffer<UInt8>(count: theirLengths.values.reduce(0) { $0 + Int($1) })
        try take(theirs, label, from: other)
        lengths = joined(lengths, theirLengths)
        gathered = joined(gathered, theirs)
      }
      distance *= 2
    }
    if lengths.count < worldSize { lengths = Buffer<UInt64>(count: worldSize) }
    try broadcast(UnsafeMutableRawBufferPointer(lengths.values))
    let total = lengths.values.reduce(0) { $0 + Int($1) }
    if rank != 0 { gathered = Buffer<UInt8>(count: total) }
    try broadcast(UnsafeMutableRawBufferPointer(gathered.values))
    var start = 0
    return lengths.values.map { length in
      defer { start += Int(length) }
      return Array(gathered.values[start..<start + Int(length)])
    }
  }

  /// Every rank's numbers, in rank order, on every rank.
  public func allGather(numbers: [Double]) throws(CommunicationError) -> [[Double]] {
    try allGather(numbers.withUnsafeBytes { Array($0) }).map { bytes in
      bytes.withUnsafeBytes { bytes in
        (0..<bytes.count / MemoryLayout<Double>.size).map {
          bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Double>.size, as: Double.self)
        }
      }
    }
  }

  /// Returns once every rank has called it.
  public func barrier() throws(CommunicationError) {
    if worldSize > 1 { _ = try allGather([]) }
  }

  /// Replaces the numbers on every rank by rank 0's; every rank gives as many.
  public func broadcast(_ numbers: inout [UInt64]) throws(CommunicationError) {
    let buffer = Buffer<UInt64>(count: numbers.count)
    _ = buffer.values.update(from: numbers)
    try broadcast(UnsafeMutableRawBufferPointer(buffer.values))
    numbers = Array(buffer.values)
  }

  /// Rank 0's text, on every rank.
  public func broadcast(text: String) throws(CommunicationError) -> String {
    var count = [UInt64(text.utf8.count)]
    try broadcast(&count)
    let bytes = Buffer<UInt8>(count: Int(count[0]))
    if rank == 0 { _ = bytes.values.update(from: text.utf8) }
    try broadcast(UnsafeMutableRawBufferPointer(bytes.values))
    return String(decoding: bytes.values, as: UTF8.self)
  }

  private func give<Element>(
    _ buffer: borrowing Buffer<Element>, _ label: ExchangeLabel, to partner: Int
  ) throws(CommunicationError) {
    _ = try exchange(
      UnsafeRawBufferPointer(buffer.values), UnsafeMutableRawBufferPointer(start: nil, count: 0), label,
      partner: partner)
  }

  private func take<Element>(
    _ buffer: borrowing Buffer<Element>, _ label: ExchangeLabel, from partner: Int
  ) throws(CommunicationError) {
    _ = try exchange(
      UnsafeRawBufferPointer(start: nil, count: 0), UnsafeMutableRawBufferPointer(buffer.values), label,
      partner: partner)
  }
}

private func joined<Element>(_ one: borrowing Buffer<Element>, _ other: borrowing Buffer<Element>) -> Buffer<Element> {
  let both = Buffer<Element>(count: one.count + other.count)
  _ = both.values.update(from: one.values)
  _ = both.values[one.count...].update(from: other.values)
  return both
}
