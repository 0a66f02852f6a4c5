import Foundation
import PoseData
import Tensors
import Testing

@Suite struct HeatmapTests {
  private typealias Joint = PoseAnnotation.Joint

  /// Maps of 16×16 of a crop in which a pixel of the photograph is a pixel of the map.
  private func draw(_ target: HeatmapTarget, _ joints: [Joint]) -> (maps: [Real], mask: [Real]) {
    let transform = CropTransform(centerX: 7.5, centerY: 7.5, side: 16, inputResolution: 64)
    let maps = Buffer<Real>(count: 256 * joints.count)
    let mask = Buffer<Real>(count: joints.count)
    maps.values.update(repeating: 9)
    mask.values.update(repeating: 9)
    target.draw(
      joints, transform, heatmaps: Tensor(maps.pointer, Shape(n: 1, h: 16, w: 16, c: joints.count)),
      mask: Tensor(mask.pointer, .channels(joints.count)))
    return (Array(maps.values), Array(mask.values))
  }

  @Test(arguments: [(1.0, 0.0), (1.75, 0.23), (2.0, 0.5), (0.3, 0)])
  func valuesAreTheGaussian(_ sigma: Double, _ cut: Double) {
    let (x, y) = (6.3, 9.85)
    let joints = [
      Joint(x: 2, y: 2, isLabelled: true, isVisible: true), Joint(x: x, y: y, isLabelled: true, isVisible: false),
    ]
    let (maps, mask) = draw(HeatmapTarget(sigma: sigma, cut: cut), joints)
    #expect(mask == [1, 1])
    for row in 0..<16 {
      for column in 0..<16 {
        let square = pow(Double(column) - x, 2) + pow(Double(row) - y, 2)
        let value = exp(-square / (2 * sigma * sigma))
        let expected = value < cut || square > 9 * sigma * sigma ? 0 : value
        #expect(abs(Double(maps[(row * 16 + column) * 2 + 1]) - expected) < 1e-6)
      }
    }
  }

  @Test func theAuthorsCutIsADiscOfThreePixels() {
    let (maps, _) = draw(
      HeatmapTarget(sigma: 1.75, cut: 0.23), [Joint(x: 8, y: 8, isLabelled: true, isVisible: true)])
    #expect(maps.filter { $0 > 0 }.count == 29)
    #expect(maps[8 * 16 + 8] == 1 && maps[8 * 16 + 11] > 0 && maps[8 * 16 + 12] == 0 && maps[10 * 16 + 11] == 0)
  }

  @Test func jointsOutsideOrUnlabelledAreMasked() {
    let places: [(x: Double, y: Double, isLabelled: Bool, isInside: Bool)] = [
      (-0.4, 15.4, true, true), (-0.6, 8, true, false), (8, 15.6, true, false), (8, 8, false, false),
      (1e300, -1e300, true, false), (15.4, -0.4, true, true), (.nan, .nan, false, false),
    ]
    let (maps, mask) = draw(
      HeatmapTarget(sigma: 1),
      places.map { Joint(x: $0.x, y: $0.y, isLabelled: $0.isLabelled, isVisible: true) })
    for (channel, place) in places.enumerated() {
      #expect(mask[channel] == (place.isInside ? 1 : 0))
      let sum = stride(from: channel, to: maps.count, by: places.count).map { maps[$0] }.reduce(0, +)
      #expect(place.isInside ? sum > 0.5 : sum == 0)
    }
  }

  @Test func decodingFindsThePlaceToAQuarterPixel() {
    for number in 0..<200 {
      var random = CounterRandom(seed: 8, purpose: "decode", UInt64(number))
      let transform = CropTransform(
        centerX: 200, centerY: 150, side: 190, inputResolution: 128, rotation: random.uniform(-1, 1),
        isFlipped: number % 2 == 0)
      let place = transform.image(heatmapX: random.uniform(1, 30), heatmapY: random.uniform(1, 30))
      let memory = Buffer<Real>(count: 32 * 32 + 1)
      let maps = Tensor(memory.pointer, Shape(n: 1, h: 32, w: 32, c: 1))
      HeatmapTarget(sigma: 1.5).draw(
        [Joint(x: place.x, y: place.y, isLabelled: true, isVisible: true)], transform, heatmaps: maps,
        mask: Tensor(memory.pointer + 1024, .channels(1)))
      let found = JointDecoder.positions(maps, transform)[0]
      let (a, b) = (transform.heatmap(x: place.x, y: place.y), transform.heatmap(x: found.x, y: found.y))
      #expect(abs(a.x - b.x) <= 0.2501 && abs(a.y - b.y) <= 0.2501)
      #expect(found.score > 0.85)
    }
  }

  @Test func decodingMovesTowardsTheLargerNeighbour() {
    let memory = Buffer<Real>(count: 5 * 5 * 2)
    let maps = Tensor(memory.pointer, Shape(n: 1, h: 5, w: 5, c: 2))
    func set(_ x: Int, _ y: Int, _ channel: Int, _ value: Real) { memory.pointer[(y * 5 + x) * 2 + channel] = value }
    set(2, 3, 0, 0.9)
    set(1, 3, 0, 0.5)
    set(3, 3, 0, 0.4)
    set(4, 0, 1, 0.7)
    set(4, 1, 1, 0.6)
    let found = JointDecoder.positions(maps)
    #expect(found[0] == .init(x: 1.75, y: 3, score: Double(Real(0.9))))
    #expect(found[1] == .init(x: 4, y: 0, score: Double(Real(0.7))))
    memory.values.update(repeating: .nan)
    #expect(JointDecoder.positions(maps)[0].x == 0)
  }
}
