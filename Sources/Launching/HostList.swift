import Platform

/// The hosts of a run, as a hostfile lists them. `HostfileReader` says how one is read.
public struct HostList: Sendable, Equatable {
  public struct Host: Sendable, Equatable {
    /// As mpirun calls it: letters, digits, dots and hyphens.
    public let name: String
    /// Who is to log in there; nil: the remote shell's choice.
    public var user: String?
    /// Where its remote shell listens; nil: at its usual port.
    public var port: Int?
    /// Ranks it takes; nil: as many as it has cores.
    public var slots: Int?
    /// Ranks it takes at most, which `slots` stays below.
    public var mostSlots: Int?

    public init(name: String, user: String? = nil, port: Int? = nil, slots: Int? = nil, mostSlots: Int? = nil) {
      self.name = name
      self.user = user
      self.port = port
      self.slots = slots
      self.mostSlots = mostSlots
    }

    /// What follows the remote shell's name, as mpirun puts it.
    package var address: [String] { [(user.map { "\($0)@" } ?? "") + name] + (port.map { ["-p", "\($0)"] } ?? []) }
  }

  /// Rank 0 is on the first: this host, if it is one of them.
  public let hosts: [Host]

  public init(_ hosts: [Host]) { self.hosts = hosts }

  /// Reads a hostfile.
  ///
  /// - Throws: `LaunchError`, naming file and line.
  public init(file: String) throws(LaunchError) {
    let bytes: [UInt8]
    do throws(FileSystemError) {
      bytes = try InputFile<FileSystemError>(file, .anything).readAll(limit: 1 << 20)
    } catch {
      throw LaunchError("\(error)")
    }
    try self.init(text: String(decoding: bytes, as: UTF8.self), file: file, isLocal: ThisHost.isMeant)
  }

  /// - Parameter isLocal: whether a name means this host, which has one name then: its own.
  package init(
    text: String, file: String, isLocal: (String) -> Bool = ThisHost.isNamed
  ) throws(LaunchError) {
    hosts = try HostfileReader.read(text, file: file, isLocal: isLocal)
  }

  /// Ranks that all hosts take; nil where one leaves it to its cores.
  public var slots: Int? {
    hosts.reduce(0 as Int?) { sum, host in
      guard let sum, let slots = host.slots else { return nil }
      return sum + slots
    }
  }

  public var names: [String] { hosts.map(\.name) }

  /// As mpirun reads it.
  package var text: String {
    hosts.map { host in
      var words = [(host.user.map { "\($0)@" } ?? "") + host.name]
      if let slots = host.slots {
        words.append("slots=\(slots)")
        if let most = host.mostSlots { words.append("max_slots=\(max(most, slots))") }
      }
      if let port = host.port { words.append("port=\(port)") }
      return words.joined(separator: " ") + "\n"
    }.joined()
  }
}
