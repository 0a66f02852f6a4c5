/// What an exchange is part of: the same at both partners, or one of them is elsewhere in the program.
public struct ExchangeLabel: Sendable, Equatable {
  /// The operation, such as `broadcast`, or whose sum it is.
  public var operation: ShortName
  /// Which of several: a bucket, a distance.
  public var tag: Int
  /// A number that must be the same at both partners: the bits of k_t. The caller compares.
  public var witness: UInt64
  /// Bytes of the vector that is being summed; 0 where it is no sum.
  public var vector: Int

  public init(_ operation: ShortName, tag: Int = 0, witness: UInt64 = 0, vector: Int = 0) {
    self.operation = operation
    self.tag = tag
    self.witness = witness
    self.vector = vector
  }
}

/// Travels ahead of the bytes of every exchange.
struct ExchangeHeader: Sendable, BitwiseCopyable {
  let operation: ShortName
  let tag: Int64
  let step: UInt64
  /// Bytes that follow, and bytes for which the sender has room.
  let count, awaited: Int64
  let vector: Int64
  let witness: UInt64

  init(_ label: ExchangeLabel, step: UInt64, count: Int, awaited: Int) {
    operation = label.operation
    tag = Int64(label.tag)
    self.step = step
    self.count = Int64(count)
    self.awaited = Int64(awaited)
    vector = Int64(label.vector)
    witness = label.witness
  }

  /// - Parameter own: what this rank sent.
  /// - Throws: `.exchangeDiffers` where the partner is in another operation or reckons with another number of bytes, in
  ///   either direction: then the partner throws too.
  func check(own: ExchangeHeader, rank: Int, partner: Int) throws(CommunicationError) {
    let isSame = operation == own.operation && tag == own.tag && step == own.step && vector == own.vector
    if isSame && count == own.awaited && awaited == own.count { return }
    throw .exchangeDiffers(rank: rank, own: own.description, partner: partner, theirs: description)
  }
}

extension ExchangeHeader: CustomStringConvertible {
  var description: String {
    "\(operation) \(tag) of step \(step), sending \(count) bytes and awaiting \(awaited)"
      + (vector > 0 ? " of a vector of \(vector)" : "")
  }
}
