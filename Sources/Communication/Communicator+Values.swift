extension Communicator {
  /// Replaces the numbers on every rank by rank 0's; every rank gives as many.
  public func broadcast(_ numbers: inout [UInt64]) throws(CommunicationError) {
    let outcome = numbers.withUnsafeMutableBytes { bytes -> Result<Void, CommunicationError> in
      do throws(CommunicationError) {
        try broadcast(bytes, root: 0)
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try outcome.get()
  }

  /// Rank 0's text, on every rank.
  public func broadcast(text: String) throws(CommunicationError) -> String {
    var count = [UInt64(text.utf8.count)]
    try broadcast(&count)
    var words = [UInt64](repeating: 0, count: (Int(count[0]) + 7) / 8)
    if rank == 0 {
      words.withUnsafeMutableBytes { bytes in
        for (index, byte) in text.utf8.enumerated() { bytes[index] = byte }
      }
    }
    try broadcast(&words)
    return words.withUnsafeBytes { String(decoding: $0.prefix(Int(count[0])), as: UTF8.self) }
  }
}
