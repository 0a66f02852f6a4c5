import Glibc

extension LaunchOptions {
  /// The hosts that ranks may be on, with the slots that count: those of the hostfile, or as many ranks on each as asked for.
  package func candidates(of hosts: [HostList.Host]) throws(LaunchError) -> [HostList.Host] {
    guard let ranksPerHost else { return hosts }
    let wanted = ranks ?? (hosts.count * ranksPerHost).powerOfTwoBelow
    guard wanted % ranksPerHost == 0 else { throw LaunchError("\(wanted) ranks are not \(ranksPerHost) on each host") }
    guard wanted / ranksPerHost <= hosts.count else {
      throw LaunchError("\(wanted) ranks, \(ranksPerHost) on each, but \(hosts.count) hosts are listed")
    }
    return hosts.prefix(wanted / ranksPerHost).map { host in
      var host = host
      host.slots = ranksPerHost
      return host
    }
  }

  /// The number of ranks: as asked for, or the largest power of two that the hosts have room for.
  ///
  /// - Throws: where there is no room for as many, or it is not known how many there is room for.
  package func ranks(on hosts: HostList) throws(LaunchError) -> Int {
    guard let slots = hosts.slots else {
      guard let ranks else {
        throw LaunchError(
          "a host without slots takes as many ranks as it has cores, and it is not asked: give -n or its slots")
      }
      return ranks
    }
    guard let ranks else { return slots.powerOfTwoBelow }
    guard ranks <= slots else { throw LaunchError("\(ranks) ranks, but the hosts have room for \(slots)") }
    return ranks
  }

  /// Refuses names that this process's environment has not.
  package func requireExports() throws(LaunchError) {
    for name in exports where name.contains("=") || name.hasPrefix("-") || getenv(name) == nil {
      throw LaunchError("--export \(name): there is no such environment variable")
    }
  }
}
