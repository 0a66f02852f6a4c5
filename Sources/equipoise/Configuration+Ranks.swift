import Communication
import Configuration
import Estimation
import Foundation

extension Configuration {
  /// Rank 0's configuration on every rank: nodes share nothing but the data.
  static func shared(_ communicator: any Communicator, _ load: () throws -> Configuration) throws -> Configuration {
    let own = try Together.everywhere(communicator) { communicator.rank == 0 ? try load() : nil }
    let text = try communicator.broadcast(text: own?.yaml() ?? "")
    return try own ?? Configuration.parse(text, file: "rank 0's configuration")
  }
}

extension Machine {
  convenience init(_ configuration: Configuration, _ communicator: any Communicator) throws {
    try self.init(configuration.compute, localSize: communicator.localSize)
  }

  /// What this rank computes with, in a line.
  func description(ranks: Int) -> String {
    "\(ranks) rank\(ranks == 1 ? "" : "s") × \(pool.threads) thread\(pool.threads == 1 ? "" : "s"), "
      + "kernels \(level.name)"
  }
}
