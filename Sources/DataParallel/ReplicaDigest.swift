import Communication

/// The digest of one tensor, or of anything else that must be the same on every rank.
public struct ReplicaDigest: Sendable, Equatable {
  public let name: String
  public let bytes: [UInt8]

  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  public init(name: String, _ value: UInt64) {
    self.init(name: name, bytes: withUnsafeBytes(of: value.littleEndian) { Array($0) })
  }

  /// Compares digests over ranks; every rank gives as many, in the same order.
  ///
  /// Throws `.replicasDiffer`, the same on every rank: the first tensor in the given order that is not the same
  /// everywhere, and the lowest rank whose copy is not the most common one (between equals, rank 0's).
  public static func compare(_ digests: [ReplicaDigest], over communicator: any Communicator) throws(CommunicationError)
  {
    var message: [UInt8] = []
    var ends: [Int] = []
    for digest in digests {
      let name = Array(digest.name.utf8)
      for part in [name, digest.bytes] {
        withUnsafeBytes(of: part.count.littleEndian) { message.append(contentsOf: $0) }
        message.append(contentsOf: part)
      }
      ends.append(message.count)
    }
    let gathered = try communicator.allGather(message)
    guard gathered.contains(where: { $0 != gathered[0] }) else { return }
    var start = 0
    for (digest, end) in zip(digests, ends) {
      let copies = gathered.map { $0.count >= end ? $0[start..<end] : [] }
      if let rank = outlier(copies) { throw .replicasDiffer(tensor: digest.name, rank: rank) }
      start = end
    }
    let rank = outlier(gathered.map { $0[...] }) ?? 0
    throw .replicasDiffer(tensor: "the list of tensors", rank: rank)
  }

  /// The first whose value is not the most common one; nil where all are equal.
  private static func outlier(_ copies: [ArraySlice<UInt8>]) -> Int? {
    let votes = copies.map { copy in copies.count { $0 == copy } }
    let agreed = copies[votes.firstIndex(of: votes.max()!)!]
    return copies.firstIndex { $0 != agreed }
  }
}
