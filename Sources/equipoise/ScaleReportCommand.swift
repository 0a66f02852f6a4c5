import ArgumentParser
import Benchmarks
import Platform

struct ScaleReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Sums up what launch/scaling measured: CSV, JSON, Markdown, and plots as SVG.")

  @Argument(help: "The folder of launch/scaling, with results.jsonl.")
  var folder: String

  func run() throws {
    let path = "\(folder)/results.jsonl"
    let report = try ScalingReport(try JSONLines.read(path), path: path)
    guard !report.rows.isEmpty else { throw FileSystemError(path, "has no measurement") }
    try FileSystem.write(report.csv, to: "\(folder)/scaling.csv")
    try FileSystem.write(report.json.text + "\n", to: "\(folder)/scaling.json")
    try FileSystem.write(report.markdown, to: "\(folder)/report.md")
    for plot in report.plots { try FileSystem.write(plot.svg, to: "\(folder)/\(plot.name)") }
    print("\(folder)/report.md, scaling.csv, scaling.json, \(report.plots.map(\.name).joined(separator: ", "))")
  }
}
