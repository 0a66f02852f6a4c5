import Glibc
import Platform

/// Where a run's ranks are, and how many threads each has.
package struct Arrangement: Equatable, Sendable {
  package var ranks: Int
  /// Compute threads of a rank.
  package var threads: Int
  /// Whether ranks are told so; otherwise they know.
  var tellsThreads: Bool
  /// The threads that ranks are told.
  package var toldThreads: Int? { tellsThreads ? threads : nil }
  /// Nil: on this host.
  package var hosts: [HostList.Host]?
  /// Whether ranks get cores of their own.
  package var isBound: Bool

  /// One rank on this host runs by itself, without mpirun.
  package var isDirect: Bool { hosts == nil && ranks == 1 }

  /// Ranks on this host.
  ///
  /// Ranks that fill it are bound to their cores. Others are not: mpirun would give every run the same first ones.
  ///
  /// - Parameters:
  ///   - threads: as asked for; nil: the command's own, or as many as a rank has cores.
  ///   - cores: that this process may use.
  ///   - online: that this host has.
  package static func here(
    ranks: Int, threads: Int?, _ command: RankCommand, isBound: Bool, cores: Int = Host.cores,
    online: Int = sysconf(Int32(_SC_NPROCESSORS_ONLN))
  ) -> Arrangement {
    let fitting = command.takesThreads ? max(1, cores / ranks) : 1
    let chosen = threads ?? command.threads ?? fitting
    return Arrangement(
      ranks: ranks, threads: chosen, tellsThreads: threads != nil || command.threads == nil, hosts: nil,
      isBound: isBound && ranks * chosen == cores && cores == online)
  }

  /// Ranks on other hosts.
  ///
  /// - Parameters:
  ///   - hosts: each with its slots, unless mpirun is to find out.
  ///   - cores: of each host; nil where they were not asked. The fewest that any has for one of its slots bound the threads
  ///     of a rank that is to have cores of its own.
  package static func on(
    _ hosts: [HostList.Host], cores: [Int]?, ranks: Int, threads: Int?, _ command: RankCommand, isBound: Bool
  ) -> Arrangement {
    let each = cores.flatMap { cores in zip(hosts, cores).map { $1 / max(1, $0.slots ?? 1) }.min() }
    let chosen = threads ?? command.threads ?? max(1, each ?? 1)
    return Arrangement(
      ranks: ranks, threads: chosen, tellsThreads: threads != nil || command.threads == nil, hosts: hosts,
      isBound: isBound && each.map { chosen <= $0 } ?? false)
  }
}

extension Int {
  /// The largest power of two up to this number, which is positive.
  var powerOfTwoBelow: Int { 1 << (Int.bitWidth - 1 - leadingZeroBitCount) }
}
