import Foundation
import Platform

/// What `launch/scaling` measured, summed up: a line for each arrangement of ranks, as CSV, JSON, Markdown and plots.
public struct ScalingReport {
  /// An arrangement, and medians over its tries.
  public struct Row: Sendable, Equatable {
    public var mode: String
    public var preset: String
    public var network: String
    public var hosts: Int
    public var ranks: Int
    public var threads: Int
    /// Of the whole step.
    public var batch: Int
    public var shards: Int
    public var tries: Int
    public var stepSeconds: Double
    public var imagesPerSecond: Double
    /// Least and most of the tries.
    public var slowest: Double
    public var fastest: Double
    /// Images a second and rank, over those of the row with fewest ranks that is otherwise alike; 1 is ideal.
    public var efficiency = 1.0
    /// Seconds of a step: in which the slowest rank computed, in which ranks waited for others (the mean over them), and in
    /// which sums over ranks were made while they computed.
    public var compute: Double
    public var exposed: Double
    public var hidden: Double
    /// Of the rank with the most.
    public var peakMebibytes: Int
    /// Median seconds by phase of rank 0.
    public var phases: [(name: String, seconds: Double)]

    public static func == (one: Row, other: Row) -> Bool { one.cells == other.cells }

    /// What is alike in the rows of one curve.
    fileprivate var curve: String {
      "\(mode), \(preset), \(network), \(threads) thread\(threads == 1 ? "" : "s"), "
        + (mode == "weak" ? "batch \(batch / ranks) a rank" : "batch \(batch)")
    }
  }

  public let rows: [Row]

  private static let columns = [
    "mode", "preset", "network", "hosts", "ranks", "threads", "batch", "shards", "tries", "step_seconds",
    "images_per_second", "slowest", "fastest", "efficiency", "compute_seconds", "exposed_seconds", "hidden_seconds",
    "peak_rss_mib",
  ]

  /// - Parameter lines: of `results.jsonl`.
  /// - Throws: `FileSystemError` naming the line that is none.
  public init(_ lines: [JSONObject], path: String) throws(FileSystemError) {
    var order: [String] = []
    var groups: [String: [(JSONObject, JSONObject)]] = [:]
    for (index, line) in lines.enumerated() {
      guard let result = line["result"]?.object, let ranks = line["ranks"]?.int, let mode = line["mode"]?.string,
        let preset = line["preset"]?.string, let hosts = line["hosts"]?.int, let threads = line["threads"]?.int,
        let network = line["network"]?.string, let batch = result["batch"]?.int
      else { throw FileSystemError(path, "line \(index + 1) is not of launch/scaling") }
      let key = "\(mode) \(preset) \(network) \(hosts) \(ranks) \(threads) \(batch) \(result["shards"]?.int ?? 0)"
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append((line, result))
    }
    var rows = order.compactMap { key in groups[key].flatMap(Self.row) }
    for index in rows.indices {
      let alike = rows.filter { $0.curve == rows[index].curve }
      guard let first = alike.min(by: { ($0.ranks, $0.hosts) < ($1.ranks, $1.hosts) }) else { continue }
      rows[index].efficiency =
        rows[index].imagesPerSecond / Double(rows[index].ranks) / (first.imagesPerSecond / Double(first.ranks))
    }
    self.rows = rows.sorted { ($0.curve, $0.hosts, $0.ranks) < ($1.curve, $1.hosts, $1.ranks) }
  }

  private static func row(_ tries: [(line: JSONObject, result: JSONObject)]) -> Row? {
    func middle(_ values: [Double]) -> Double { values.isEmpty ? 0 : median(values) }
    func number(_ key: String) -> [Double] { tries.compactMap { $0.result[key]?.double } }
    let ranks = tries.map { $0.result["rank_seconds"]?.array?.compactMap(\.object) ?? [] }
    func ofRanks(_ key: String, _ combine: ([Double]) -> Double) -> Double {
      middle(ranks.map { combine($0.compactMap { $0[key]?.double }) })
    }
    let mean = { (values: [Double]) in values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count) }
    guard let (line, result) = tries.first, let mode = line["mode"]?.string, let preset = line["preset"]?.string,
      let network = line["network"]?.string, let hosts = line["hosts"]?.int, let number0 = line["ranks"]?.int,
      let threads = line["threads"]?.int, let batch = result["batch"]?.int, let shards = result["shards"]?.int
    else { return nil }
    let rates = number("images_per_second")
    let seconds = middle(number("step_seconds_median"))
    let exposed = ofRanks("communication_wait", mean)
    let names = result["phase_seconds"]?.object?.entries.map(\.key) ?? []
    return Row(
      mode: mode, preset: preset, network: network, hosts: hosts, ranks: number0, threads: threads, batch: batch,
      shards: shards, tries: tries.count, stepSeconds: seconds,
      imagesPerSecond: Double(batch) / seconds, slowest: rates.min() ?? 0, fastest: rates.max() ?? 0,
      compute: ofRanks("compute") { $0.max() ?? 0 }, exposed: exposed,
      hidden: max(0, ofRanks("communication", mean) - exposed),
      peakMebibytes: Int(ranks.joined().compactMap { $0["peak_rss_mib"]?.double }.max() ?? 0),
      phases: names.map { name in
        (name, middle(tries.compactMap { $0.result["phase_seconds"]?.object?[name]?.double }))
      })
  }

  // MARK: As files

  public var csv: String {
    ([Self.columns] + rows.map(\.cells)).map { $0.map(Self.quoted).joined(separator: ",") + "\n" }.joined()
  }

  private static func quoted(_ cell: String) -> String {
    cell.contains { $0 == "," || $0 == "\"" } ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
  }

  public var json: JSONValue {
    .array(
      rows.map { row in
        var object = JSONObject()
        for (name, value) in zip(Self.columns, row.values) { object.append(name, value) }
        var phases = JSONObject()
        for phase in row.phases { phases.append(phase.name, JSONValue(phase.seconds)) }
        object.append("phase_seconds", .object(phases))
        return .object(object)
      })
  }

  public var markdown: String {
    var text = """
      # Scaling

      Weak scaling: each rank keeps its batch. Strong scaling: the batch and its shards stay. Medians over tries; efficiency is
      images a second and rank over those of the fewest ranks in the same curve. `train.batch` is the whole batch: what
      DistributedDataParallel calls the batch of a process is a rank's share of it.


      """
    for curve in curves {
      text += "## \(curve.name)\n\n"
      text +=
        "| hosts | ranks | batch | shards | step, s | images/s (least, most of \(curve.rows[0].tries)) | efficiency | "
        + "computing, s | waiting, s | communication hidden, s | peak memory of a rank |\n"
      text += String(repeating: "| --- ", count: 11) + "|\n"
      for row in curve.rows {
        let cells = [
          "\(row.hosts)", "\(row.ranks)", "\(row.batch)", "\(row.shards)", row.stepSeconds.fixed(4),
          "\(row.imagesPerSecond.fixed(2)) (\(row.slowest.fixed(2)), \(row.fastest.fixed(2)))",
          "\(row.efficiency.percent()) %", row.compute.fixed(4), row.exposed.fixed(4), row.hidden.fixed(4),
          "\(row.peakMebibytes) MiB",
        ]
        text += "| " + cells.joined(separator: " | ") + " |\n"
      }
      text += "\n"
    }
    text += """
      ![Images a second](throughput.svg)

      ![Efficiency](efficiency.svg)

      ![Where a step's time goes](phases.svg)

      """
    return text
  }

  private var curves: [(name: String, rows: [Row])] {
    var found: [(name: String, rows: [Row])] = []
    for row in rows {
      if found.last?.name != row.curve { found.append((row.curve, [])) }
      found[found.count - 1].rows.append(row)
    }
    return found
  }

  /// The curves as they are drawn: each number of machines is a line of its own, from the fewest ranks on.
  private var lines: [(name: String, rows: [Row])] {
    curves.flatMap { curve -> [(name: String, rows: [Row])] in
      let hosts = Set(curve.rows.map(\.hosts)).sorted()
      guard hosts.count > 1, let first = curve.rows.min(by: { ($0.ranks, $0.hosts) < ($1.ranks, $1.hosts) }) else {
        return [curve]
      }
      return hosts.map { number in
        let rows = curve.rows.filter { $0.hosts == number }
        let begins = number != first.hosts && rows[0].ranks > first.ranks ? [first] : []
        return ("\(curve.name), \(number) machine\(number == 1 ? "" : "s")", begins + rows)
      }
    }
  }

  /// Names of files and their contents.
  public var plots: [(name: String, svg: String)] {
    var throughput: [ScalingPlot.Line] = []
    var efficiency: [ScalingPlot.Line] = []
    for line in lines {
      throughput.append(
        ScalingPlot.Line(name: line.name, points: line.rows.map { (Double($0.ranks), $0.imagesPerSecond) }))
      efficiency.append(
        ScalingPlot.Line(name: line.name, points: line.rows.map { (Double($0.ranks), 100 * $0.efficiency) }))
    }
    let ranks = Set(rows.map { Double($0.ranks) }).sorted()
    if let first = rows.min(by: { $0.ranks < $1.ranks }) {
      let each = first.imagesPerSecond / Double(first.ranks)
      throughput.append(ScalingPlot.Line(name: "ideal", points: ranks.map { ($0, each * $0) }, isIdeal: true))
    }
    efficiency.append(ScalingPlot.Line(name: "ideal", points: ranks.map { ($0, 100) }, isIdeal: true))
    let phases = rows.first?.phases.map(\.name) ?? []
    let hasMachines = rows.contains { $0.hosts > 1 }
    let bars = rows.map { row in
      ScalingPlot.Bar(
        name: "\(row.mode) \(row.ranks)" + (hasMachines ? " on \(row.hosts)" : ""),
        values: phases.map { name in row.phases.first { $0.name == name }?.seconds ?? 0 })
    }
    return [
      ("throughput.svg", ScalingPlot.lines("Images a second", y: "images/s", throughput)),
      (
        "efficiency.svg",
        ScalingPlot.lines("Efficiency", y: "% of the fewest ranks' images/s a rank", efficiency, most: 100)
      ),
      (
        "phases.svg",
        ScalingPlot.bars(
          "Where a step's time goes, rank 0" + (hasMachines ? " (ranks on machines)" : ""), y: "seconds",
          parts: phases.map { $0.replacing("_", with: " ") }, bars)
      ),
    ]
  }
}

extension ScalingReport.Row {
  fileprivate var values: [JSONValue] {
    [
      .string(mode), .string(preset), .string(network), JSONValue(hosts), JSONValue(ranks), JSONValue(threads),
      JSONValue(batch), JSONValue(shards), JSONValue(tries), JSONValue(stepSeconds), JSONValue(imagesPerSecond),
      JSONValue(slowest), JSONValue(fastest), JSONValue(efficiency), JSONValue(compute), JSONValue(exposed),
      JSONValue(hidden), JSONValue(peakMebibytes),
    ]
  }

  fileprivate var cells: [String] { values.map { $0.string ?? $0.text } }
}
