import PoseData

/// Someone who wants to see every key of a configuration, with its value and what values it may have.
///
/// Reading, writing, digesting and listing the keys are visits; which keys there are is said once, in
/// `Configuration.visit`.
protocol ConfigurationVisitor {
  mutating func visit(_ key: String, _ value: inout Int, _ bounds: ClosedRange<Int>)
  mutating func visit(_ key: String, _ value: inout UInt64)
  mutating func visit(_ key: String, _ value: inout Double, _ bounds: Bounds)
  mutating func visit(_ key: String, _ value: inout Bool)
  mutating func visit(_ key: String, _ value: inout String)
  mutating func visit(_ key: String, path value: inout String)
  mutating func visit(_ key: String, _ value: inout [Int], _ bounds: ClosedRange<Int>)
  mutating func visit(_ key: String, _ value: inout SampleSelection?)
  mutating func visit(_ key: String, _ value: inout [Configuration.Source])
  mutating func visit<Choice: RawRepresentable & CaseIterable>(_ key: String, _ value: inout Choice)
  where Choice.RawValue == String
}

/// The numbers that a key may have.
struct Bounds: CustomStringConvertible {
  var lower: Double
  var upper = Double.infinity
  var excludesLower = false
  var excludesUpper = false

  static let positive = Bounds(lower: 0, excludesLower: true)
  static let notNegative = Bounds(lower: 0)
  static let fraction = Bounds(lower: 0, upper: 1)
  static let belowOne = Bounds(lower: 0, upper: 1, excludesUpper: true)

  func contains(_ value: Double) -> Bool {
    value.isFinite && (excludesLower ? value > lower : value >= lower)
      && (excludesUpper ? value < upper : value <= upper)
  }

  var description: String {
    let from = excludesLower ? "greater than \(Self.short(lower))" : "at least \(Self.short(lower))"
    if upper == .infinity { return from }
    return from + (excludesUpper ? " and less than \(Self.short(upper))" : " and at most \(Self.short(upper))")
  }

  private static func short(_ value: Double) -> String {
    value.description.hasSuffix(".0") ? String(value.description.dropLast(2)) : value.description
  }
}

/// The names of all keys, in their order.
struct ConfigurationKeys: ConfigurationVisitor {
  private(set) var keys: [String] = []

  /// Every key that a configuration has.
  static let all: [String] = {
    var list = ConfigurationKeys()
    var configuration = Configuration()
    configuration.visit(&list)
    return list.keys
  }()

  /// The keys of each item of `data.sources`.
  static let ofSource: [String] = {
    var list = ConfigurationKeys()
    var source = Configuration.Source()
    source.visit("", &list)
    return list.keys.map { String($0.dropFirst()) }
  }()

  /// What stands before a dot in one of them: `data`, `data.split`.
  static let sections: Set<String> = Set(
    all.flatMap { key in
      let parts = key.split(separator: ".")
      return (1..<parts.count).map { parts.prefix($0).joined(separator: ".") }
    })

  mutating func visit(_ key: String, _ value: inout Int, _ bounds: ClosedRange<Int>) { keys.append(key) }
  mutating func visit(_ key: String, _ value: inout UInt64) { keys.append(key) }
  mutating func visit(_ key: String, _ value: inout Double, _ bounds: Bounds) { keys.append(key) }
  mutating func visit(_ key: String, _ value: inout Bool) { keys.append(key) }
  mutating func visit(_ key: String, _ value: inout String) { keys.append(key) }
  mutating func visit(_ key: String, path value: inout String) { keys.append(key) }
  mutating func visit(_ key: String, _ value: inout [Int], _ bounds: ClosedRange<Int>) { keys.append(key) }
  mutating func visit(_ key: String, _ value: inout SampleSelection?) { keys.append(key) }
  mutating func visit(_ key: String, _ value: inout [Configuration.Source]) { keys.append(key) }
  mutating func visit<Choice: RawRepresentable & CaseIterable>(_ key: String, _ value: inout Choice)
  where Choice.RawValue == String { keys.append(key) }
}
