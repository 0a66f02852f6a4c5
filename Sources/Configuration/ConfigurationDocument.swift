import Platform
import Yams

/// A configuration file and its overrides, taken apart into keys and their text, before any value is understood.
struct ConfigurationDocument {
  enum Content: Equatable {
    case scalar(String, isQuoted: Bool)
    case list([String])
    /// The key is there with nothing behind it.
    case nothing
  }

  struct Value {
    var content: Content
    var place: String
    /// For putting problems in order: the line, and beyond any line for `--set`.
    var order: Int
  }

  typealias Problem = (order: Int, problem: ConfigurationError.Problem)

  let file: String
  private(set) var values: [String: Value] = [:]
  private(set) var problems: [Problem] = []
  static let mostBytes = 256 << 10
  private static let orderOfOverrides = 1 << 40

  /// `text` is the file's; `file` its name, for messages.
  init(text: String, file: String, overrides: [String]) throws(ConfigurationError) {
    self.file = file
    guard text.utf8.count <= Self.mostBytes else {
      throw ConfigurationError(file, "is larger than \(Self.mostBytes >> 10) KiB")
    }
    // A byte order mark, which some editors write, says nothing of UTF-8.
    let text = text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
    try Self.refuseAnchors(text, file)
    if let root = try parse(text) { take(root, at: "") }
    for (index, override) in overrides.enumerated() { take(override: override, index) }
  }

  /// Anchors are refused before the text is parsed: aliases of aliases would grow without bound.
  private static func refuseAnchors(_ text: String, _ file: String) throws(ConfigurationError) {
    let starts = Set(" \t,[{?:-".utf8)
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let bytes = Array(line.utf8)
      guard bytes.first(where: { $0 != 0x20 && $0 != 0x09 }) != UInt8(ascii: "#") else { continue }
      for (position, byte) in bytes.enumerated() where byte == UInt8(ascii: "&") {
        let startsWord = position == 0 || starts.contains(bytes[position - 1])
        guard startsWord, position + 1 < bytes.count, bytes[position + 1] != 0x20 else { continue }
        throw ConfigurationError(
          "\(file):\(index + 1)", "anchors and aliases (&, *) are not taken; write the value out")
      }
    }
  }

  /// The mark put before a key that is given again further down, so that the parser can go on.
  private static let duplicateMark = "duplicate^"

  /// The root of the YAML tree. The parser stops at a key given twice: each such key is marked in the text and the
  /// text parsed again, so that one run finds them all.
  private mutating func parse(_ text: String) throws(ConfigurationError) -> Node? {
    var text = text
    for _ in 0..<50 {
      do {
        return try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
      } catch let YamlError.duplicatedKeysInMapping(names, context) {
        let line = context.mark.line
        let name = names.first ?? ""
        guard let marked = Self.marking(text, line: line, column: context.mark.column) else {
          throw ConfigurationError("\(file):\(line)", "the key \(name) is given twice")
        }
        text = marked
      } catch {
        throw ConfigurationError([Self.problem(error, file)])
      }
    }
    throw ConfigurationError(file, "more than 50 keys are given twice")
  }

  /// A key without its marks, and whether it had any.
  private static func unmarked(_ name: String) -> (name: String, isDuplicate: Bool) {
    var rest = name
    while rest.hasPrefix(duplicateMark) { rest.removeFirst(duplicateMark.count) }
    return (rest, rest != name)
  }

  private static func marking(_ text: String, line: Int, column: Int) -> String? {
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
    guard line >= 1, line <= lines.count else { return nil }
    let scalars = lines[line - 1].unicodeScalars
    guard column >= 1, column <= scalars.count else { return nil }
    let index = scalars.index(scalars.startIndex, offsetBy: column - 1)
    guard scalars[index].properties.isAlphabetic else { return nil }
    lines[line - 1] = String(scalars[..<index]) + duplicateMark + String(scalars[index...])
    return lines.joined(separator: "\n")
  }

  private static func problem(_ error: any Error, _ file: String) -> ConfigurationError.Problem {
    switch error {
    case YamlError.scanner(let context, let problem, let mark, _),
      YamlError.parser(let context, let problem, let mark, _),
      YamlError.composer(let context, let problem, let mark, _):
      let reason = [context?.text, problem].compactMap { $0 }.joined(separator: ": ")
      return .init(place: "\(file):\(mark.line)", text: "is not YAML: \(reason)")
    case YamlError.reader(let problem, let offset, _, _):
      return .init(place: file, text: "is not YAML: \(problem)" + (offset.map { " at byte \($0)" } ?? ""))
    default:
      return .init(place: file, text: "is not YAML: \(error)")
    }
  }

  private mutating func add(_ text: String, at node: Node) {
    let line = node.mark?.line ?? 0
    problems.append((line, .init(place: "\(file):\(line)", text: text)))
  }

  private mutating func take(_ node: Node, at section: String) {
    guard case .mapping(let mapping) = node else {
      if Self.isNothing(node) { return }
      add(section.isEmpty ? "expected keys" : "\(section): is a section of keys, not a value", at: node)
      return
    }
    for (keyNode, value) in mapping {
      guard case .scalar(let scalar) = keyNode else {
        add("a key that is not a name", at: keyNode)
        continue
      }
      let (name, isDuplicate) = Self.unmarked(scalar.string)
      let key = section.isEmpty ? name : "\(section).\(name)"
      if isDuplicate {
        add("\(key): is given twice", at: keyNode)
      } else if key == Self.sources {
        takeSources(value, at: keyNode)
      } else if ConfigurationKeys.sections.contains(key) {
        take(value, at: key)
      } else if ConfigurationKeys.all.contains(key) {
        take(value, ofKey: key, at: keyNode)
      } else {
        add(Self.unknown(key), at: keyNode)
      }
    }
  }

  /// The list of which every item is a section of keys.
  private static let sources = "data.sources"
  /// Items of that list.
  private(set) var sourceCount = 0

  private mutating func takeSources(_ node: Node, at keyNode: Node) {
    guard case .sequence(let items) = node else {
      if !Self.isNothing(node) { add("\(Self.sources): is not a list of data sets", at: keyNode) }
      return
    }
    let line = keyNode.mark?.line ?? 0
    sourceCount = items.count
    values[Self.sources] = Value(content: .nothing, place: "\(file):\(line)", order: line)
    for (number, item) in items.enumerated() {
      guard case .mapping(let mapping) = item, !mapping.isEmpty else {
        add("\(Self.sources)[\(number)]: is not a data set, with a kind and a path", at: item)
        continue
      }
      for (keyNode, value) in mapping {
        guard case .scalar(let scalar) = keyNode else {
          add("a key that is not a name", at: keyNode)
          continue
        }
        let (name, isDuplicate) = Self.unmarked(scalar.string)
        let key = "\(Self.sources)[\(number)].\(name)"
        if isDuplicate {
          add("\(key): is given twice", at: keyNode)
        } else if ConfigurationKeys.ofSource.contains(name) {
          take(value, ofKey: key, at: keyNode)
        } else {
          add(
            "\(key.prefix(200)): unknown key; a data set takes \(ConfigurationKeys.ofSource.joined(separator: ", "))",
            at: keyNode)
        }
      }
    }
  }

  /// Whether a key is one of an item that is there.
  private func isOfSource(_ key: String) -> Bool {
    (0..<sourceCount).contains { number in
      let section = "\(Self.sources)[\(number)]."
      return key.hasPrefix(section) && ConfigurationKeys.ofSource.contains(String(key.dropFirst(section.count)))
    }
  }

  private mutating func take(_ node: Node, ofKey key: String, at keyNode: Node) {
    let line = keyNode.mark?.line ?? 0
    var content = Content.nothing
    switch node {
    case .scalar(let scalar):
      if !Self.isNothing(node) { content = .scalar(scalar.string, isQuoted: scalar.style != .plain) }
    case .sequence(let sequence):
      let items = sequence.compactMap { item -> String? in
        guard case .scalar(let scalar) = item, scalar.style == .plain else { return nil }
        return scalar.string
      }
      guard items.count == sequence.count else { return add("\(key): its items are not plain values", at: keyNode) }
      content = .list(items)
    case .mapping, .alias:
      return add("\(key): takes a value, not a section of keys", at: keyNode)
    }
    values[key] = Value(content: content, place: "\(file):\(line)", order: line)
  }

  private static func isNothing(_ node: Node) -> Bool {
    guard case .scalar(let scalar) = node, scalar.style == .plain else { return false }
    return ["", "~", "null"].contains(scalar.string)
  }

  /// `key=value`, of which the last for a key holds. A list is `[1, 2]`.
  private mutating func take(override: String, _ index: Int) {
    let order = Self.orderOfOverrides + index
    guard let equals = override.firstIndex(of: "=") else {
      problems.append((order, .init(place: "--set \(override)", text: "is not of the form key=value")))
      return
    }
    let key = String(override[..<equals])
    let text = String(override[override.index(after: equals)...])
    guard key != Self.sources, ConfigurationKeys.all.contains(key) || isOfSource(key) else {
      let isSection = ConfigurationKeys.sections.contains(key) || key == Self.sources
      let problem = isSection ? "\(key): is a section of keys, not a value" : Self.unknown(key)
      problems.append((order, .init(place: "--set \(key)", text: problem)))
      return
    }
    var content = Content.scalar(text, isQuoted: false)
    if text.hasPrefix("["), text.hasSuffix("]") {
      let items = text.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false)
        .map { String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()) }
      content = .list(items == [""] ? [] : items)
    }
    values[key] = Value(content: content, place: "--set \(key)", order: order)
  }

  private static func unknown(_ key: String) -> String {
    let nearest = NearestKey.of(key, among: ConfigurationKeys.all + ConfigurationKeys.sections.sorted())
    return "\(key.prefix(200)): unknown key" + (nearest.map { "; the nearest is \($0)" } ?? "")
  }
}
