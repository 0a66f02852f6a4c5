import Foundation
import Platform
import Testing

struct NumberFormatTests {
  @Test(arguments: [0, 1, -1, 0.05, 0.15, 2.5, 1e-12, 123456.789, 1e300, -0.0, .infinity, .nan] as [Double])
  func asPrintfWrites(value: Double) {
    for decimals in 0...4 { #expect(value.fixed(decimals) == String(format: "%.\(decimals)f", value)) }
    for digits in 1...6 { #expect(value.shortest(digits) == String(format: "%.\(digits)g", value)) }
  }

  @Test(arguments: [
    (1374.3, 4, "1374"), (44.617, 4, "44.62"), (9.81849, 4, "9.818"), (0.13087, 4, "0.1309"), (0.00125, 4, "0.001250"),
    (9.9996, 4, "10.00"), (99999, 3, "99999"), (-3.14159, 3, "-3.14"), (0, 4, "0.0"), (222.4, 3, "222"),
  ])
  func significantDigits(value: Double, digits: Int, text: String) {
    #expect(value.significant(digits) == text)
  }

  @Test func forPeople() {
    #expect([7, 999, 1000, 22246, -1_234_567].map(\.grouped) == ["7", "999", "1,000", "22,246", "-1,234,567"])
    #expect([55, 60, 3599.6, 3723].map(\.duration) == ["0:55", "1:00", "1:00:00", "1:02:03"])
    #expect([10.4, 3, 3.26].map(\.brief) == ["10", "3", "3.3"])
    #expect(0.8604.percent() == "86.0")
  }

  @Test func medians() {
    #expect(median([3]) == 3)
    #expect(median([4, 1, 3]) == 3)
    #expect(median([4, 1, 3, 2]) == 2.5)
  }
}
