import Platform
import Testing

struct JSONTests {
  @Test(arguments: [
    0.1 as Double, 1e-5, .leastNonzeroMagnitude, 1.7976931348623157e308, -0.0, 1, 1e16, 123456789.12345679, 0x1p-1022,
  ])
  func numbersRoundTripExactly(number: Double) throws {
    let read = try JSONParser.parse(JSONValue.number(number).text).double
    #expect(read?.bitPattern == number.bitPattern)
  }

  @Test func floatsRoundTripExactly() throws {
    for bits in stride(from: UInt32(0), to: 0x7F80_0000, by: 0x0012_3457) {
      let value = Float(bitPattern: bits)
      let read = try JSONParser.parse(JSONValue(value).text).double
      #expect(read.map { Float($0).bitPattern } == bits)
    }
  }

  @Test func valuesThatAreNotFiniteAreStrings() throws {
    let line: JSONObject = ["a": .number(.nan), "b": .number(.infinity), "c": .number(-.infinity)]
    #expect(line.text == #"{"a":"NaN","b":"Infinity","c":"-Infinity"}"#)
    let read = try #require(try JSONParser.parse(line.text).object)
    #expect(read["a"]?.double?.isNaN == true)
    #expect(read["c"]?.double == -.infinity)
  }

  @Test func textRoundTrips() throws {
    let value: JSONValue = .object([
      "z": .array([.null, true, 3, "\u{0}\t\"\\\u{7F}é😀"]), "a": .object([:]), "n": .integer(Int128(UInt64.max)),
    ])
    #expect(try JSONParser.parse(value.text) == value)
    #expect(try JSONParser.parse(#""\ud83d\ude00\/""#) == "😀/")
  }

  @Test(arguments: [
    "", "{", "{\"a\":1,}", "[1,]", "01", "+1", "1.", ".5", "NaN", "1e", "1e999", "tru", "\"\u{1}\"", #""\x""#,
    #""\ud83d""#, #""\ude00""#, #""\u12""#, "\"a", "{\"a\":1 \"b\":2}", "1 2", "{a:1}",
  ])
  func whatIsNotJSONIsRefused(text: String) {
    #expect(throws: JSONError.self) { try JSONParser.parse(text) }
  }
}
