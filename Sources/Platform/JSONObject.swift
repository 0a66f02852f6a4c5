/// The members of a JSON object, in the order they were given.
public struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  public struct Entry: Sendable, Equatable {
    public var key: String
    public var value: JSONValue
  }

  public private(set) var entries: [Entry]

  public init() { entries = [] }

  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    entries = elements.map { Entry(key: $0.0, value: $0.1) }
  }

  /// Adds a member at the end; its key must be new.
  public mutating func append(_ key: String, _ value: JSONValue) {
    entries.append(Entry(key: key, value: value))
  }

  public subscript(key: String) -> JSONValue? {
    entries.first { $0.key == key }?.value
  }

  public var text: String { JSONValue.object(self).text }
}
