import ArgumentParser
import Configuration
import PoseData

/// Writes what `data.kind: synthetic` trains on, for other programs.
struct DataSynthesizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synthesize", abstract: "Writes the synthetic people of a configuration as JPEGs with annotations.")

  @Option(help: "A configuration with data.kind: synthetic.")
  var config: String

  @Option(name: .customLong("set"), help: ArgumentHelp("Overrides a key of the configuration.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: "The folder to write to.")
  var out: String

  @Option(
    help: ArgumentHelp(
      "Of the annotations: \(AnnotationExport.Form.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "form"))
  var form = AnnotationExport.Form.keypoints

  @Option(help: "JPEG quality.")
  var quality = 95

  func run() throws {
    let configuration = try Configuration.load(file: config, overrides: overrides)
    guard configuration.data.kind == .synthetic else { throw UsageError("\(config) is not of data.kind: synthetic") }
    guard (1...100).contains(quality) else { throw UsageError("--quality \(quality) is not from 1 to 100") }
    let splits = try DataSplits(configuration)
    var export = try AnnotationExport(form, skeleton: splits.train.skeleton, folder: out)
    for (part, set) in [(PhotographFiles.Part.train, splits.train), (.valid, splits.valid)] {
      for index in 0..<set.count {
        try export.add(try set.image(index), try set.annotation(index), to: part, quality: quality)
      }
    }
    try export.finish()
    Program.say("\(splits.train.count + splits.valid.count) samples in \(out)")
  }
}

extension AnnotationExport.Form: ExpressibleByArgument {}
