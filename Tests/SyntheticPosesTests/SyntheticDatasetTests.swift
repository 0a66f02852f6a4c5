import PoseData
import SyntheticPoses
import Testing

@Suite struct SyntheticDatasetTests {
  @Test func sameSampleHasTheSameBytes() throws {
    let one = SyntheticDataset(seed: 5, range: 1...20)
    let other = SyntheticDataset(seed: 5, range: 1...20)
    for index in [0, 7, 19] {
      #expect(try one.image(index) == other.image(index))
      #expect(try one.annotation(index) == other.annotation(index))
    }
  }

  @Test func sampleIsAFunctionOfItsNumberNotOfTheRange() throws {
    let whole = SyntheticDataset(seed: 5, range: 1...20)
    let part = SyntheticDataset(seed: 5, range: 11...20)
    #expect(whole.name(of: 12) == part.name(of: 2))
    #expect(try whole.annotation(12) == part.annotation(2))
    #expect(try whole.image(12) == part.image(2))
  }

  @Test func seedAndNumberChangeTheSample() throws {
    let set = SyntheticDataset(seed: 5, range: 1...3)
    let other = SyntheticDataset(seed: 6, range: 1...3)
    for index in 0..<3 {
      #expect(try set.image(index) != other.image(index))
      #expect(try set.annotation(index).joints != other.annotation(index).joints)
    }
    #expect(try set.image(0) != set.image(1))
    #expect(try set.annotation(0).joints != set.annotation(1).joints)
  }

  @Test func threadsDrawTheSameAsOne() async throws {
    let set = SyntheticDataset(seed: 8, range: 1...16)
    let alone = try (0..<16).map { try set.image($0) }
    let together = try await withThrowingTaskGroup(of: (Int, RGBImage).self) { group in
      for index in 0..<16 { group.addTask { (index, try set.image(index)) } }
      return try await group.reduce(into: [Int: RGBImage]()) { $0[$1.0] = $1.1 }
    }
    for index in 0..<16 { #expect(together[index] == alone[index]) }
  }

  /// The bits that every machine must draw; they change when what is drawn is changed on purpose.
  @Test func bitsAreThoseOfEveryMachine() throws {
    let set = SyntheticDataset(seed: 1, range: 1...64)
    var annotations = Checksum()
    for index in 0..<64 { annotations.add(try set.annotation(index)) }
    #expect(annotations.value == 3_949_263_105_229_431_038)
    var images = Checksum()
    for index in 0..<8 { images.add(try set.image(index).bytes) }
    #expect(images.value == 6_323_777_260_004_529_096)
  }

  @Test(arguments: [32, 160, 257])
  func imageHasTheSizeAskedFor(size: Int) throws {
    let set = SyntheticDataset(seed: 2, range: 1...4, imageSize: size)
    for index in 0..<4 {
      let image = try set.image(index)
      #expect(image.width == size && image.height == size)
    }
  }

  /// A larger picture is of the same scene.
  @Test func jointsScaleWithTheSize() throws {
    let small = SyntheticDataset(seed: 2, range: 1...50, imageSize: 100)
    let large = SyntheticDataset(seed: 2, range: 1...50, imageSize: 300)
    for index in 0..<50 {
      let (a, b) = (try small.annotation(index), try large.annotation(index))
      #expect(abs(b.side - 3 * a.side) < 1e-9 * b.side)
      for (p, q) in zip(a.joints, b.joints) {
        #expect(abs((q.x - b.centerX) - 3 * (p.x - a.centerX)) < 1e-9 * b.side)
        #expect(abs((q.y - b.centerY) - 3 * (p.y - a.centerY)) < 1e-9 * b.side)
      }
    }
  }

  @Test(arguments: [-1, 3, Int.max])
  func sampleOutsideTheSetIsAnError(index: Int) {
    let set = SyntheticDataset(seed: 5, range: 10...12)
    #expect(set.count == 3)
    #expect(set.name(of: 2) == "synthetic 12")
    #expect(throws: DataError.self) { try set.annotation(index) }
    #expect(throws: DataError.self) { try set.image(index) }
  }

  /// The watch is a cue of the left wrist: its vivid colour must lie there and not at the right one. This ties the
  /// picture to the joints, sides included.
  @Test func watchIsOnTheLeftWrist() throws {
    let set = SyntheticDataset(seed: 3, range: 1...400, difficulty: 0)
    var (seen, vivid) = ([0, 0], [0, 0])
    for index in 0..<set.count {
      let (annotation, image) = (try set.annotation(index), try set.image(index))
      for (side, name) in ["left wrist", "right wrist"].enumerated() {
        let joint = annotation.joints[try #require(set.skeleton.jointNames.firstIndex(of: name))]
        guard joint.isVisible else { continue }
        seen[side] += 1
        if isVivid(image, joint.x, joint.y, reach: 3) { vivid[side] += 1 }
      }
    }
    let share = (0..<2).map { Double(vivid[$0]) / Double(seen[$0]) }
    print("vivid at the left wrist: \(share[0]), at the right: \(share[1])")
    #expect(share[0] > 0.85)
    #expect(share[1] < 0.35)
  }

  private func isVivid(_ image: RGBImage, _ x: Double, _ y: Double, reach: Int) -> Bool {
    let (column, row) = (Int(x.rounded()), Int(y.rounded()))
    for r in max(row - reach, 0)...min(row + reach, image.height - 1) {
      for c in max(column - reach, 0)...min(column + reach, image.width - 1) {
        let pixel = image.bytes[(3 * (r * image.width + c))..<(3 * (r * image.width + c) + 3)].map(Double.init)
        let (low, high) = (pixel.min() ?? 0, pixel.max() ?? 0)
        if high > 110, (high - low) / high > 0.78 { return true }
      }
    }
    return false
  }
}
