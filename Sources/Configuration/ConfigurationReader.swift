import Glibc
import PoseData

/// Gives each key the value that a document has for it, and notes what cannot be understood.
struct ConfigurationReader: ConfigurationVisitor {
  private let document: ConfigurationDocument
  private(set) var problems: [ConfigurationDocument.Problem]
  private var misread: Set<String> = []

  init(_ document: ConfigurationDocument) {
    self.document = document
    problems = document.problems
  }

  /// Notes what is wrong with the value of `key`, at the place where it was given.
  mutating func add(_ key: String, _ text: String) {
    misread.insert(key)
    let value = document.values[key]
    let place = value?.place ?? document.file
    problems.append((value?.order ?? .max, .init(place: place, text: "\(key): \(text)")))
  }

  /// Whether the file or `--set` names `key`.
  func isGiven(_ key: String) -> Bool { document.values[key] != nil }

  /// Whether something is wrong with the value of `key` itself.
  func isMisread(_ key: String) -> Bool { misread.contains(key) }

  private mutating func plain(_ key: String, _ expected: String) -> String? {
    guard let content = document.values[key]?.content else { return nil }
    switch content {
    case .scalar("", isQuoted: false), .nothing: add(key, "has no value; it takes \(expected)")
    case .scalar(let text, isQuoted: false):
      guard Self.hasLeadingZero(text) else { return text }
      add(key, "\(text.prefix(100)) begins with a zero, and programs differ on what that means; write it without")
    case .scalar(let text, isQuoted: true): add(key, "\"\(text.prefix(100))\" is text, not \(expected)")
    case .list: add(key, "is a list, not \(expected)")
    }
    return nil
  }

  private static func isWhole(_ text: String) -> Bool {
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    return !digits.isEmpty && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// Whether a number begins with a zero that means nothing: YAML 1.1 reads 010 as 8, YAML 1.2 as 10.
  private static func hasLeadingZero(_ text: String) -> Bool {
    let digits = Array(text.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }.prefix(2))
    return digits.count == 2 && digits[0] == UInt8(ascii: "0") && (0x30...0x39).contains(digits[1])
  }

  /// A decimal number in any of the usual notations; nil for anything else, hexadecimal, infinite and NaN included.
  private static func decimal(_ text: String) -> Double? {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }) else { return nil }
    return Double(text)
  }

  mutating func visit(_ key: String, _ value: inout Int, _ bounds: ClosedRange<Int>) {
    guard let text = plain(key, "a whole number") else { return }
    guard Self.isWhole(text) else { return add(key, "\(text.prefix(100)) is not a whole number") }
    guard let number = Int(text), bounds.contains(number) else {
      return add(key, "\(text.prefix(100)) is not from \(bounds.lowerBound) to \(bounds.upperBound)")
    }
    value = number
  }

  mutating func visit(_ key: String, _ value: inout UInt64) {
    guard let text = plain(key, "a whole number") else { return }
    guard Self.isWhole(text) else { return add(key, "\(text.prefix(100)) is not a whole number") }
    guard let number = UInt64(text) else { return add(key, "\(text.prefix(100)) is not from 0 to \(UInt64.max)") }
    value = number
  }

  mutating func visit(_ key: String, _ value: inout Double, _ bounds: Bounds) {
    guard let text = plain(key, "a number") else { return }
    guard let number = Self.decimal(text) else { return add(key, "\(text.prefix(100)) is not a finite number") }
    guard bounds.contains(number) else { return add(key, "\(text.prefix(100)) is not \(bounds)") }
    value = number
  }

  mutating func visit(_ key: String, _ value: inout Bool) {
    guard let text = plain(key, "true or false") else { return }
    guard text == "true" || text == "false" else { return add(key, "\(text.prefix(100)) is not true or false") }
    value = text == "true"
  }

  mutating func visit(_ key: String, _ value: inout String) {
    switch document.values[key]?.content {
    case nil: return
    case .list: add(key, "is a list, not text")
    case .nothing: add(key, "has no value; it takes text")
    case .scalar(let text, _):
      guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control || $0 == "\u{FEFF}" })
      else { return add(key, "holds a control character") }
      value = text
    }
  }

  /// A path, in which a leading `~` stands for the user's home, as in a shell.
  mutating func visit(_ key: String, path value: inout String) {
    visit(key, &value)
    guard value == "~" || value.hasPrefix("~/") else {
      guard value.hasPrefix("~") else { return }
      return add(key, "\(value.prefix(100)): only ~/ is expanded; write the folder out, or ./\(value.prefix(100))")
    }
    guard let home = getenv("HOME").map({ String(cString: $0) }), !home.isEmpty else {
      return add(key, "\(value.prefix(100)): HOME is not set; write the folder out")
    }
    value = home + value.dropFirst()
  }

  mutating func visit(_ key: String, _ value: inout [Int], _ bounds: ClosedRange<Int>) {
    switch document.values[key]?.content {
    case nil: return
    case .nothing, .scalar: add(key, "is not a list of whole numbers such as [1000, 2000]")
    case .list(let items):
      let numbers = items.filter { Self.isWhole($0) && !Self.hasLeadingZero($0) }.compactMap { Int($0) }
        .filter(bounds.contains)
      guard numbers.count == items.count else {
        return add(key, "is not a list of whole numbers from \(bounds.lowerBound) to \(bounds.upperBound)")
      }
      value = numbers
    }
  }

  mutating func visit(_ key: String, _ value: inout SampleSelection?) {
    if document.values[key].map({ $0.content == .nothing }) ?? true { return }
    guard let text = plain(key, "samples such as 1-3600") else { return }
    guard let selection = SampleSelection(text) else {
      return add(
        key, "\(text.prefix(100)) is not samples from 1 on, such as 1-3600, train, valid 1-500 or all")
    }
    value = selection
  }

  mutating func visit(_ key: String, _ value: inout [Configuration.Source]) {
    guard isGiven(key) else { return }
    value = (0..<document.sourceCount).map { number in
      var source = Configuration.Source()
      let section = "\(key)[\(number)]"
      source.visit(section, &self)
      let isSection = document.values.keys.contains { $0.hasPrefix("\(section).") }
      // What is no data set has been named already.
      if !isSection { misread.insert("\(section).train") }
      if isSection && !isGiven("\(section).kind") { add("\(section).kind", "is missing") }
      return source
    }
  }

  mutating func visit<Choice: RawRepresentable & CaseIterable>(_ key: String, _ value: inout Choice)
  where Choice.RawValue == String {
    let choices = Choice.allCases.map(\.rawValue).joined(separator: " | ")
    guard case .scalar(let text, _)? = document.values[key]?.content else {
      if isGiven(key) { add(key, "takes \(choices)") }
      return
    }
    guard let choice = Choice(rawValue: text) else { return add(key, "\(text.prefix(100)) is not \(choices)") }
    value = choice
  }
}
