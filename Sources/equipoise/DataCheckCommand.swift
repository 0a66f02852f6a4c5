import ArgumentParser
import Configuration
import Foundation
import Platform
import PoseData
import Tensors

struct DataCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Reads the configured samples, decodes every photograph, and says what they are.",
    discussion: "Ends with code 4 where a photograph is missing or broken.")

  @Option(help: "A configuration (see configs/).")
  var config: String

  @Option(name: .customLong("set"), help: ArgumentHelp("Overrides a key of the configuration.", valueName: "key=value"))
  var overrides: [String] = []

  @Option(help: "A folder for train.png and valid.png: people from all over the set, as they are cropped.")
  var out: String?

  @Flag(help: "Leave the photographs alone.")
  var annotationsOnly = false

  @Flag(help: "One line of JSON.")
  var json = false

  func run() throws {
    let configuration = try Configuration.load(file: config, overrides: overrides)
    if let out { try FileSystem.requireWritable(directory: out) }
    let threads = configuration.compute.threads > 0 ? configuration.compute.threads : ThreadPool.cores
    var object = JSONObject()
    var photographs: [Set<FilePath>] = []
    var problems = 0
    for part in PhotographFiles.Part.allCases {
      var (opened, reports, seen): ([any PoseDataset], [JSONValue], Set<FilePath>) = ([], [], [])
      for source in configuration.sources(part) {
        let dataset = try configuration.openSource(source)
        opened.append(dataset)
        let report = DataReport(dataset, decoding: !annotationsOnly, threads: threads)
        problems += report.missing.count + report.broken.count
        reports.append(.object(report.json))
        seen.formUnion(((dataset as? PhotographDataset)?.photographs ?? []).map { FilePath($0) })
        if !json { print("\(part.rawValue), \(source.kind.rawValue) \(source.selection): \(report.text)\n") }
      }
      object.append(part.rawValue, configuration.data.kind == .mix ? .array(reports) : reports[0])
      photographs.append(seen)
      if let out, !annotationsOnly, let sheet = CropSheet.make(try configuration.joined(part, opened)) {
        try PNGWriter.write(sheet, to: "\(out)/\(part.rawValue).png")
      }
    }
    let shared = photographs[0].intersection(photographs[1]).count
    object.append("shared_photographs", JSONValue(shared))
    if json {
      print(object.text)
    } else if shared > 0 {
      print(
        "train and valid share \(shared) photograph\(shared == 1 ? "" : "s"): what is judged has been learned from\n")
    }
    if problems > 0 {
      throw DataError("data", "\(problems) photographs or people cannot be used")
    }
  }
}
