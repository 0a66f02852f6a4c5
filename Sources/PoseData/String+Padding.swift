extension String {
  /// The text with `filler` before it, at least `width` characters long.
  package func leftPadded(_ width: Int, _ filler: Character = " ") -> String {
    String(repeating: filler, count: max(0, width - count)) + self
  }
}
