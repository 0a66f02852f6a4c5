import Glibc
import Platform

/// Reads hostfiles as mpirun of Open MPI 4.1.4 does (orte/util/hostfile), and refuses what that cannot read or would pass
/// over in silence. This host, if it is listed, comes first: mpirun begins with the one that it runs on.
///
/// A line is `[USER@]NAME [slots=N] [max_slots=N] [port=N] [username=USER]`; `#` and `//` begin a comment, `/*` and `*/`
/// enclose one. A name without slots takes a rank for each of its cores, one that is repeated a rank for each time. Of a
/// name the first label counts unless it is an address or OMPI_MCA_orte_keep_fqdn_hostnames is set.
struct HostfileReader {
  /// What mpirun's scanner tells apart.
  private enum Token: Equatable {
    case newline
    case equals
    case word(String)
    case other(String)
  }

  private static let slotKeys: Set<String> = ["slots", "cpu", "count"]
  private static let mostSlotKeys: Set<String> = Set(
    slotKeys.flatMap { ["\($0)-max", "\($0)_max", "max-\($0)", "max_\($0)"] })
  private static let userKeys: Set<String> = ["username", "user-name", "user_name"]
  private static let largest = 65_535

  private let file: String
  private let keepsDomains: Bool
  private var tokens: [(token: Token, line: Int)] = []
  private var next = 0
  private var hosts: [HostList.Host] = []

  /// - Throws: `LaunchError`, naming file and line.
  static func read(_ text: String, file: String, isLocal: (String) -> Bool) throws(LaunchError) -> [HostList.Host] {
    var reader = HostfileReader(file: file)
    try reader.scan(Array(text.utf8))
    while reader.next < reader.tokens.count {
      if reader.tokens[reader.next].token == .newline {
        reader.next += 1
      } else {
        try reader.readLine(isLocal)
      }
    }
    let hosts = reader.hosts.filter { $0.slots != 0 }
    guard !hosts.isEmpty else { throw LaunchError("\(file): no host is listed") }
    return hosts.filter { $0.name == Host.name } + hosts.filter { $0.name != Host.name }
  }

  private init(file: String) {
    self.file = file
    keepsDomains =
      getenv("OMPI_MCA_orte_keep_fqdn_hostnames").map { !["0", "false", ""].contains(String(cString: $0)) } ?? false
  }

  // MARK: Tokens

  private static func isOfWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "_-,:*@.+^".utf8.contains(byte)
    }
  }

  private mutating func scan(_ bytes: [UInt8]) throws(LaunchError) {
    var (index, line) = (0, 1)
    func begins(_ mark: String) -> Bool { bytes[index...].starts(with: mark.utf8) }
    while index < bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "\n"):
        tokens.append((.newline, line))
        line += 1
        index += 1
      case UInt8(ascii: " "), UInt8(ascii: "\t"), 0x0B, 0x0C: index += 1
      case UInt8(ascii: "="):
        tokens.append((.equals, line))
        index += 1
      case UInt8(ascii: "\r"):
        throw error(
          line, "the line ends as on Windows, which mpirun does not read; sed -i 's/\\r$//' \(file) makes it good")
      case _ where begins("#") || begins("//"):
        guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) else {
          throw error(line, "the file ends within a comment, which mpirun takes for a host; end it with a new line")
        }
        index = end
      case _ where begins("/*"):
        tokens.append((.newline, line))
        index += 2
        while index < bytes.count, !begins("*/") {
          if bytes[index] == UInt8(ascii: "\n") { line += 1 }
          index += 1
        }
        index += 2
        tokens.append((.newline, line))
      case let byte where Self.isOfWord(byte):
        let end = bytes[index...].firstIndex { !Self.isOfWord($0) } ?? bytes.count
        tokens.append((.word(String(decoding: bytes[index..<end], as: UTF8.self)), line))
        index = end
      default:
        let end = bytes[(index + 1)...].firstIndex { $0 <= UInt8(ascii: " ") } ?? bytes.count
        tokens.append((.other(String(decoding: bytes[index..<end], as: UTF8.self)), line))
        index = end
      }
    }
  }

  // MARK: Lines

  private mutating func readLine(_ isLocal: (String) -> Bool) throws(LaunchError) {
    let line = tokens[next].line
    guard case .word(let first) = tokens[next].token else {
      throw error(line, "\(text(tokens[next].token)) is not a host's name")
    }
    next += 1
    let place = try place(of: first, line, isLocal)
    var slotsAreGiven = hosts[place].slots != nil
    while next < tokens.count, tokens[next].token != .newline {
      guard case .word(let key) = tokens[next].token else {
        throw error(line, "\(text(tokens[next].token)) is not slots=N")
      }
      next += 1
      if Self.slotKeys.contains(key) {
        let slots = try number(key, line, 0)
        guard !slotsAreGiven else { throw error(line, "\(hosts[place].name) has its slots twice") }
        hosts[place].slots = slots
        slotsAreGiven = true
      } else if Self.mostSlotKeys.contains(key) {
        let most = try number(key, line, 0)
        guard most >= hosts[place].slots ?? 1 else {
          throw error(line, "\(key)=\(most) is less than the slots, \(hosts[place].slots ?? 1)")
        }
        hosts[place].mostSlots = most
      } else if key == "port" {
        hosts[place].port = try number(key, line, 1)
      } else if Self.userKeys.contains(key) {
        hosts[place].user = try user(try value(key, line), line)
      } else {
        throw error(line, "\(key) is not slots=N")
      }
    }
    if !slotsAreGiven { hosts[place].slots = hosts[place].mostSlots }
  }

  /// Where in `hosts` the host `[USER@]NAME` stands, which this line may be the first to name.
  private mutating func place(of word: String, _ line: Int, _ isLocal: (String) -> Bool) throws(LaunchError) -> Int {
    let parts = word.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
    guard parts.count <= 2, let last = parts.last else { throw error(line, "\(word) is not USER@NAME") }
    let user = parts.count == 2 ? try user(parts[0], line) : nil
    let name = try canonical(last, line, isLocal)
    guard let known = hosts.firstIndex(where: { $0.name == name }) else {
      hosts.append(HostList.Host(name: name, user: user))
      return hosts.count - 1
    }
    hosts[known].slots = (hosts[known].slots ?? 1) + 1
    return known
  }

  private func canonical(_ name: String, _ line: Int, _ isLocal: (String) -> Bool) throws(LaunchError) -> String {
    let pair = name.split(separator: ":", omittingEmptySubsequences: false)
    if pair.count == 2, let slots = Int(pair[1]) {
      throw error(line, "\(name) is not a host's name; \(slots) slots are \(pair[0]) slots=\(slots)")
    }
    guard let first = name.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "."),
      name.utf8.allSatisfy({ Self.isOfWord($0) && !"_,:*@+^".utf8.contains($0) }), name.utf8.count < 256
    else { throw error(line, "\(name) is not a host's name, which mpirun takes of letters, digits, dots and hyphens") }
    if isLocal(name) { return Host.name }
    var address = in_addr()
    let isAddress = inet_pton(AF_INET, name, &address) == 1
    return keepsDomains || isAddress ? name : String(name.prefix { $0 != "." })
  }

  private func user(_ name: String, _ line: Int) throws(LaunchError) -> String {
    guard let first = name.utf8.first, first != UInt8(ascii: "-"), name.utf8.count < 256,
      name.utf8.allSatisfy({ Self.isOfWord($0) && !",:*@.+^".utf8.contains($0) })
    else {
      throw error(line, "\(name) is not a user's name, which mpirun takes of letters, digits, hyphens and underscores")
    }
    return name
  }

  private mutating func value(_ key: String, _ line: Int) throws(LaunchError) -> String {
    guard next + 1 < tokens.count, tokens[next].token == .equals, case .word(let value) = tokens[next + 1].token else {
      throw error(line, "\(key) is not \(key)=VALUE")
    }
    next += 2
    return value
  }

  private mutating func number(_ key: String, _ line: Int, _ least: Int) throws(LaunchError) -> Int {
    guard next + 1 < tokens.count, tokens[next].token == .equals else { throw error(line, "\(key) is not \(key)=N") }
    let value = text(tokens[next + 1].token)
    guard value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), let number = Int(value),
      (least...Self.largest).contains(number)
    else { throw error(line, "\(key)=\(value) is not \(key)=N") }
    next += 2
    return number
  }

  private func text(_ token: Token) -> String {
    switch token {
    case .newline: ""
    case .equals: "="
    case .word(let text), .other(let text): text
    }
  }

  private func error(_ line: Int, _ problem: String) -> LaunchError {
    // A terminal would obey some of what a file may hold.
    let shown = String(
      String.UnicodeScalarView(problem.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    return LaunchError("\(file):\(line): \(shown)")
  }
}
