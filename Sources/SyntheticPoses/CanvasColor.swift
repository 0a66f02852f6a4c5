import Tensors

/// Red, green and blue, from 0 to 1 as in the file; the fourth lane is padding.
typealias CanvasColor = SIMD4<Float>

extension CanvasColor {
  init(red: Double, green: Double, blue: Double) {
    self.init(Float(red), Float(green), Float(blue), 0)
  }

  static func grey(_ value: Double) -> CanvasColor {
    CanvasColor(red: value, green: value, blue: value)
  }

  /// Any hue, of any strength and lightness.
  static func any(_ random: inout CounterRandom) -> CanvasColor {
    hue(random.uniform(), saturation: random.uniform(0.1, 0.9), value: random.uniform(0.2, 0.98))
  }

  /// Greys, blues, browns: trousers, walls, earth.
  static func muted(_ random: inout CounterRandom) -> CanvasColor {
    hue(random.uniform(), saturation: random.uniform(0, 0.35), value: random.uniform(0.1, 0.75))
  }

  /// A hue from 0 to 1 once around the circle: red, green, blue.
  static func hue(_ hue: Double, saturation: Double, value: Double) -> CanvasColor {
    func channel(_ offset: Double) -> Double {
      let turn = hue + offset
      let distance = abs((turn - turn.rounded(.down)) * 6 - 3) - 1
      return value * (1 - saturation * (1 - Swift.min(Swift.max(distance, 0), 1)))
    }
    return CanvasColor(red: channel(0), green: channel(2 / 3), blue: channel(1 / 3))
  }

  func mixed(with other: CanvasColor, _ share: Float) -> CanvasColor {
    self + (other - self) * share
  }
}
