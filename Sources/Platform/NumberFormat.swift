import Glibc

/// Numbers for people. Numbers for programs are written by `JSONValue`, which loses no bit.
extension Double {
  /// With so many digits after the point: `3.10`.
  public func fixed(_ decimals: Int) -> String { printed("%.*f", decimals) }

  /// With so many significant digits, as printf's `%g` writes it: `0.25`, `1e-05`.
  public func shortest(_ digits: Int) -> String { printed("%.*g", digits) }

  private func printed(_ format: String, _ digits: Int) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
      let count = withVaList([Int32(digits), self]) { vsnprintf(buffer.baseAddress, buffer.count, format, $0) }
      return String(decoding: buffer.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// With so many significant digits and never an exponent: `1374`, `44.62`, `0.001250`.
  public func significant(_ digits: Int) -> String {
    guard isFinite, self != 0 else { return "\(self)" }
    // Of the rounded value: 9.9996 to four digits is 10.00.
    let exponent = Int(log10(abs(self)).rounded(.down))
    let decimals = max(0, min(digits + 5, digits - 1 - exponent))
    let text = fixed(decimals)
    let shown = text.drop { !("1"..."9" ~= $0) }.count { $0.isNumber }
    return shown > digits && decimals > 0 ? fixed(decimals - 1) : text
  }

  /// Whole if it is at least 10 or has no fraction, otherwise with one decimal.
  public var brief: String { self >= 10 || self == rounded() ? fixed(0) : ((self * 10).rounded() / 10).fixed(1) }

  /// A share as a percentage with so many decimals, without the sign: 0.5 is `50.0`.
  public func percent(_ decimals: Int = 1) -> String { (self * 100).fixed(decimals) }
}

extension Int {
  /// In groups of three digits: `22,246`.
  public var grouped: String {
    var digits = String(magnitude)
    var place = digits.count - 3
    while place > 0 {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
      place -= 3
    }
    return (self < 0 ? "-" : "") + digits
  }
}

extension Double {
  /// Seconds as minutes and seconds, or hours too: `0:55`, `1:02:03`.
  public var duration: String {
    let total = Int(rounded())
    let two = { (value: Int) in String(value).leftPadded(2, "0") }
    return total >= 3600
      ? "\(total / 3600):\(two(total / 60 % 60)):\(two(total % 60))" : "\(total / 60):\(two(total % 60))"
  }
}
