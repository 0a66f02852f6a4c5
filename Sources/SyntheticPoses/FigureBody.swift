import Tensors

/// A figure's proportions, in heights of an adult of average build.
struct FigureBody {
  var shank: Double
  var thigh: Double
  var hipHalf: Double
  var spine: Double
  var neck: Double
  var head: Double
  var shoulderHalf: Double
  var upperArm: Double
  var forearm: Double
  var hand: Double
  var foot: Double
  /// Thickness of limbs and of the torso, 1 for the average.
  var build: Double

  /// Segment lengths after Drillis and Contini's tables, varied by a few per cent each and together.
  init(_ random: inout CounterRandom) {
    let legs = random.uniform(0.93, 1.07)
    let arms = random.uniform(0.94, 1.06)
    func varied(_ mean: Double) -> Double { mean * random.uniform(0.96, 1.04) }
    shank = varied(0.246) * legs
    thigh = varied(0.245) * legs
    hipHalf = varied(0.08)
    spine = varied(0.285)
    neck = varied(0.045)
    head = varied(0.15) * random.uniform(0.97, 1.12)
    shoulderHalf = varied(0.108) * random.uniform(0.93, 1.08)
    upperArm = varied(0.172) * arms
    forearm = varied(0.15) * arms
    hand = varied(0.06)
    foot = varied(0.135)
    build = random.uniform(0.88, 1.22)
  }
}
