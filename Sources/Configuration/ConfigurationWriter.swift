import Platform
import PoseData

/// Writes a configuration as YAML, every key, in the order of `Configuration.visit`.
struct ConfigurationWriter: ConfigurationVisitor {
  /// Each key and its value as text that reads back as the same value.
  private(set) var lines: [(key: String, text: String)] = []

  /// The keys under their sections, two blanks deeper each.
  var yaml: String {
    var yaml = ""
    var open: [Substring] = []
    for (key, text) in lines {
      let parts = key.split(separator: ".")
      let sections = parts.dropLast()
      let shared = zip(open, sections).prefix { $0 == $1 }.count
      for (depth, section) in sections.enumerated().dropFirst(shared) {
        yaml += indent(depth) + section + ":\n"
      }
      open = Array(sections)
      yaml += indent(sections.count) + parts[sections.count] + ": " + text + "\n"
    }
    return yaml
  }

  private func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

  mutating func visit(_ key: String, _ value: inout Int, _ bounds: ClosedRange<Int>) {
    lines.append((key, value.description))
  }

  mutating func visit(_ key: String, _ value: inout UInt64) {
    lines.append((key, value.description))
  }

  mutating func visit(_ key: String, _ value: inout Double, _ bounds: Bounds) {
    var text = value.description
    // YAML 1.1 takes 1e-05 for text and 1.0e-05 for a number.
    if let exponent = text.firstIndex(of: "e"), !text.contains(".") { text.insert(contentsOf: ".0", at: exponent) }
    lines.append((key, text))
  }

  mutating func visit(_ key: String, _ value: inout Bool) {
    lines.append((key, value.description))
  }

  mutating func visit(_ key: String, _ value: inout String) {
    // JSON's quoting is YAML's too.
    lines.append((key, JSONValue.string(value).text))
  }

  mutating func visit(_ key: String, path value: inout String) { visit(key, &value) }

  mutating func visit(_ key: String, _ value: inout [Int], _ bounds: ClosedRange<Int>) {
    lines.append((key, "[" + value.map(\.description).joined(separator: ", ") + "]"))
  }

  mutating func visit(_ key: String, _ value: inout SampleSelection?) {
    lines.append((key, value?.description ?? "~"))
  }

  mutating func visit(_ key: String, _ value: inout [Configuration.Source]) {
    let items = value.map { source in
      var (source, writer) = (source, ConfigurationWriter())
      source.visit("", &writer)
      return "{" + writer.lines.map { "\($0.key.dropFirst()): \($0.text)" }.joined(separator: ", ") + "}"
    }
    lines.append((key, "[" + items.joined(separator: ", ") + "]"))
  }

  mutating func visit<Choice: RawRepresentable & CaseIterable>(_ key: String, _ value: inout Choice)
  where Choice.RawValue == String {
    lines.append((key, value.rawValue))
  }
}
