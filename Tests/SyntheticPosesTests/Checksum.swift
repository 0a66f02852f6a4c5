import PoseData

/// FNV-1a over bytes, and over the bits of an annotation's numbers.
struct Checksum {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  mutating func add(_ number: Double) {
    let bits = number.bitPattern
    add((0..<8).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) })
  }

  mutating func add(_ annotation: PoseAnnotation) {
    for number in [annotation.centerX, annotation.centerY, annotation.side] { add(number) }
    for joint in annotation.joints {
      add(joint.x)
      add(joint.y)
      add([joint.isLabelled ? 1 : 0, joint.isVisible ? 1 : 0])
    }
  }
}
