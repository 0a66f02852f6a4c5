import PoseData
import Tensors

/// What a camera does to a picture: blur, exposure, contrast, a colour cast and the sensor's noise.
struct SyntheticCamera {
  var random: CounterRandom
  let difficulty: Double

  mutating func develop(_ canvas: borrowing Canvas) -> RGBImage {
    if random.uniform() < 0.5 { canvas.blur(Float(random.uniform(0.05, 0.1 + 0.25 * difficulty))) }
    let contrast = Float(random.uniform(1 - 0.5 * difficulty, 1 + 0.3 * difficulty))
    let brightness = Float(random.uniform(-0.16, 0.16) * difficulty)
    let castRange = 0.2 * difficulty
    let gain: CanvasColor = [
      contrast * Float(1 + random.uniform(-castRange, castRange)), contrast,
      contrast * Float(1 + random.uniform(-castRange, castRange)), 0,
    ]
    let bias = (0.5 + brightness - 0.5 * contrast) * 255
    // Uniform noise of each channel, of this width in grey levels.
    let noise = Float(random.uniform(1, 6 + 24 * difficulty))
    var shift = CanvasColor(repeating: bias - noise / 2 + 0.5)
    shift.w = 0
    let scale = gain * 255
    let count = canvas.width * canvas.height
    let bytes = [UInt8](unsafeUninitializedCapacity: count * 3) { bytes, used in
      for index in 0..<count {
        let word = random.bits()
        let grain = CanvasColor(Float(word & 1023), Float(word >> 10 & 1023), Float(word >> 20 & 1023), 0)
        let value = canvas.pixels[index] * scale + shift + grain * (noise / 1024)
        let level = value.clamped(lowerBound: .zero, upperBound: SIMD4(repeating: 255))
        bytes[3 * index] = UInt8(level.x)
        bytes[3 * index + 1] = UInt8(level.y)
        bytes[3 * index + 2] = UInt8(level.z)
      }
      used = count * 3
    }
    return RGBImage(width: canvas.width, height: canvas.height, bytes: bytes)
  }
}
