import Platform

/// What went wrong between ranks.
public enum CommunicationError: ExitCodeError, Sendable, Equatable, CustomStringConvertible {
  /// A call between ranks failed: the call's name, the library's text, and the rank it happened on. Exit code 9.
  case callFailed(rank: Int, call: String, cause: String)
  /// Partners of an exchange are in different places of the program, or of different sizes. Exit code 9.
  case exchangeDiffers(rank: Int, own: String, partner: Int, theirs: String)
  /// Ranks hold different values of k_t in the same step. Exit code 8.
  case witnessDiffers(rank: Int, own: UInt64, partner: Int, theirs: UInt64)
  /// A rank's copy of a tensor is not the others'. Exit code 8.
  case replicasDiffer(tensor: String, rank: Int)

  public var exitCode: ExitCode {
    switch self {
    case .callFailed, .exchangeDiffers: .rankLost
    case .witnessDiffers, .replicasDiffer: .replicasDiffer
    }
  }

  public var description: String {
    switch self {
    case .callFailed(let rank, let call, let cause):
      return "rank \(rank): \(call) failed: \(cause)"
    case .exchangeDiffers(let rank, let own, let partner, let theirs):
      return "messages do not fit: rank \(rank) is in \(own); rank \(partner) is in \(theirs)"
    case .witnessDiffers(let rank, let own, let partner, let theirs):
      return """
        k_t differs between ranks: rank \(rank) holds \(Double(bitPattern: own)), \
        rank \(partner) holds \(Double(bitPattern: theirs))
        """
    case .replicasDiffer(let tensor, let rank):
      return "replicas differ: rank \(rank) holds other values of \(tensor) than the other ranks"
    }
  }
}
