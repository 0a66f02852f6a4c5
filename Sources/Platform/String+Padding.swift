extension String {
  /// The text with `filler` before it, at least `width` characters long.
  public func leftPadded(_ width: Int, _ filler: Character = " ") -> String {
    String(repeating: filler, count: max(0, width - count)) + self
  }

  /// The text with blanks behind it, at least `width` characters long.
  public func rightPadded(_ width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
