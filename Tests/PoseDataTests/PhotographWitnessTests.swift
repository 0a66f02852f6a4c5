import Foundation
import PoseData
import Testing

/// Ranks that see other photographs under the same names are told apart before they train.
struct PhotographWitnessTests {
  private func witness(_ folder: String, _ names: [String]) -> [Int64] {
    let joints = Array(
      repeating: PoseAnnotation.Joint(x: 1, y: 1, isLabelled: true, isVisible: true), count: Skeleton.lsp.jointCount)
    let people = names.map { LabelledPerson(photograph: "\(folder)/\($0)", name: $0, joints: joints) }
    return PhotographDataset(skeleton: .lsp, people: people).photographWitness()
  }

  @Test func sizesAndSampledContentsCount() throws {
    try TestFolders.withTemporary { folder in
      func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      }
      let names = (0..<40).map { "\($0).jpg" }
      for name in names { try write("same", name) }
      let before = witness(folder, names)
      #expect(before == witness(folder, names))
      // Another size, wherever it is; another content of the same size, in a sampled file.
      try write("longer", "17.jpg")
      #expect(witness(folder, names) != before)
      try write("same", "17.jpg")
      #expect(witness(folder, names) == before)
      try write("else", "0.jpg")
      #expect(witness(folder, names) != before)
      try write("same", "0.jpg")
      try FileManager.default.removeItem(atPath: "\(folder)/39.jpg")
      #expect(witness(folder, names) != before)
      #expect(witness(folder, []).isEmpty)
    }
  }
}
