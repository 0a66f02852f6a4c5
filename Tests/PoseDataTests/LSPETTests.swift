import Foundation
import PoseData
import Tensors
import Testing

@Suite struct LSPETTests {
  /// Runs `body` on a data set's folder with a fixture's joints and three pictures of 80×60.
  private func withFolder(_ joints: String = "joints.mat", _ body: (String) throws -> Void) throws {
    try TestFolders.withTemporary { folder in
      try FileManager.default.copyItem(atPath: TestFolders.fixture(joints), toPath: folder + "/joints.mat")
      try FileManager.default.createDirectory(atPath: folder + "/images", withIntermediateDirectories: false)
      for number in 1...3 {
        try JPEGEncoder.write(
          RGBImage(width: 80, height: 60, color: .init(UInt8(number * 60), 90, 90)),
          to: "\(folder)/images/im0000\(number).jpg", quality: 95)
      }
      try body(folder)
    }
  }

  @Test(arguments: ["joints.mat", "joints-compressed.mat"])
  func jointsAreReadFromZero(_ file: String) throws {
    try withFolder(file) { folder in
      let dataset = try PhotographFiles(.lspet, path: folder).open(range: 1...3)
      #expect(dataset.count == 3 && dataset.skeleton == .lsp)
      #expect(dataset.name(of: 1) == "im00002.jpg")
      let first = try dataset.annotation(0)
      for (joint, place) in first.joints.enumerated() {
        #expect(place == .init(x: Double(9 + joint), y: Double(19 + 3 * joint), isLabelled: true, isVisible: true))
      }
      // x from 9 to 22 and y from 19 to 58: 39 × 1.5 on a side.
      #expect(first.centerX == 15.5 && first.centerY == 38.5 && first.side == 58.5)
      let second = try dataset.annotation(1)
      #expect(second.joints.map(\.isLabelled) == (0..<14).map { $0 != 3 && $0 != 13 })
      #expect(second.joints[3] == .init(x: 0, y: 0, isLabelled: false, isVisible: false))
      #expect(second.centerX == 16.25 && second.centerY == 33 && second.side == 36)
      let image = try dataset.image(2)
      #expect(image.width == 80 && image.height == 60 && abs(Int(image.bytes[0]) - 180) <= 2)
    }
  }

  @Test func withoutLabelsTheBoxIsTheImage() throws {
    try withFolder { folder in
      let third = try PhotographFiles(.lspet, path: folder).open(range: 3...3).annotation(0)
      #expect(third.joints.allSatisfy { !$0.isLabelled })
      #expect(third.centerX == 39.5 && third.centerY == 29.5 && third.side == 80)
    }
  }

  @Test func aRangeKeepsItsImages() throws {
    try withFolder { folder in
      let dataset = try PhotographFiles(.lspet, path: folder).open(range: 2...3)
      #expect(dataset.count == 2 && dataset.name(of: 0) == "im00002.jpg")
      #expect(try dataset.annotation(0).centerX == 16.25)
    }
  }

  @Test func whatIsMissingIsNamed() throws {
    try withFolder { folder in
      func error(_ range: ClosedRange<Int>) -> String? {
        dataError { () throws(DataError) in
          try PhotographFiles(.lspet, path: folder).open(range: range).requirePhotographs()
        }?.description
      }
      let file = folder + "/joints.mat"
      #expect(error(2...4) == "\(file): holds 3 people, but 2-4 are asked for")
      #expect(error(0...2) == "\(file): holds 3 people, but 0-2 are asked for")
      try FileManager.default.removeItem(atPath: folder + "/images/im00002.jpg")
      #expect(error(1...3) == "\(folder)/images/im00002.jpg: No such file or directory")
      #expect(error(3...3) == nil)
    }
  }

  @Test(arguments: [
    ("joints-single.mat", "joints is not an array of real doubles"),
    ("joints-complex.mat", "joints is not an array of real doubles"),
    ("joints-13.mat", "joints is 13×3×3, not 14×3×N"),
    ("joints-matrix.mat", "joints is 14×3, not 14×3×N"),
    ("joints-unnamed.mat", "holds no variable joints"),
    ("joints-nan.mat", "image 2, left knee: labelled at (nan, 36.0)"),
    ("joints-flag.mat", "image 2, left knee: flag 2.0, not 0 or 1"),
    ("grey.jpg", "is not a MATLAB 5 file"),
  ])
  func wrongJointsAreRefused(_ file: String, _ problem: String) throws {
    try withFolder(file) { folder in
      let error = dataError { () throws(DataError) in _ = try PhotographFiles(.lspet, path: folder).open(range: 1...3) }
      #expect(error == DataError(folder + "/joints.mat", problem))
    }
  }

  @Test(arguments: ["joints.mat", "joints-compressed.mat"])
  func damagedJointsNeverCrash(_ fixture: String) throws {
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: TestFolders.fixture(fixture))))
    try TestFolders.withTemporary { folder in
      let path = folder + "/joints.mat"
      func isRefused(_ bytes: [UInt8]) throws -> Bool {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return dataError { () throws(DataError) in _ = try MatFile.read(path, variable: "joints") } != nil
      }
      for length in stride(from: 0, to: bytes.count, by: 7) {
        #expect(try isRefused(Array(bytes[..<length])), "cut to \(length) of \(bytes.count) bytes")
      }
      var random = CounterRandom(seed: 2, purpose: "damage")
      var refused = 0
      for _ in 0..<400 {
        var damaged = bytes
        // Most damage goes to the tags at the front, where it does most harm.
        let reach = random.uniform() < 0.7 ? min(240, bytes.count) : bytes.count
        for _ in 0...random.integer(below: 3) {
          damaged[128 + random.integer(below: reach - 128)] = UInt8(random.integer(below: 256))
        }
        if try isRefused(damaged) { refused += 1 }
      }
      #expect(refused > 100)
    }
  }
}
