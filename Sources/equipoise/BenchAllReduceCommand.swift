import ArgumentParser
import Benchmarks
import Communication
import Foundation

struct BenchAllReduceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "allreduce",
    abstract: "Times sums over ranks by size: our tree both ways beside every algorithm of MPI_Allreduce.",
    discussion: "To be run under mpirun, launch/local, launch/cluster or launch/emulate.")

  @Option(help: ArgumentHelp("Sizes in KiB.", valueName: "list"))
  var sizes = "1,4,16,64,256,1024,4096,16384,65536"

  @Option(help: "How often each is timed, after once that is not.")
  var tries = 9

  @Flag(help: "A line of JSON for each size and algorithm.")
  var json = false

  func run() throws {
    let sizes = sizes.split(separator: ",").map { Int($0) ?? 0 }
    guard !sizes.isEmpty, sizes.allSatisfy({ $0 > 0 && $0 <= 1 << 20 }) else {
      throw UsageError("--sizes \(self.sizes) is no list of sizes in KiB")
    }
    guard tries > 0 else { throw UsageError("--tries is positive") }
    LibraryAllReduce.allowChoice()
    let communicator = try Program.join()
    guard communicator.worldSize > 1 else { throw UsageError("one rank has nothing to sum") }
    let benchmark = try AllReduceBenchmark(communicator, sizes: sizes.map { $0 << 10 }, tries: tries)
    _ = try benchmark.run { lines in
      if json {
        for line in lines { print(line.json.text) }
      } else {
        print(Self.text(lines))
      }
      fflush(nil)
    }
  }

  /// A size's lines, the fastest of MPI_Allreduce's and of ours beside each other at the end.
  private static func text(_ lines: [AllReduceBenchmark.Line]) -> String {
    let rate = { (line: AllReduceBenchmark.Line) in
      "\((line.seconds * 1e3).fixed(3).leftPadded(10)) ms \((Double(line.bytes) / line.seconds / 1e6).fixed(1).leftPadded(8)) MB/s"
    }
    let width = lines.map(\.name.count).max() ?? 0
    var rows = ["\(lines[0].bytes >> 10) KiB"]
    rows += lines.map { "  \($0.name.rightPadded(width))\(rate($0))" }
    if let ours = lines.first(where: \.isUsed),
      let theirs = lines.filter({ $0.name.hasPrefix("MPI") }).min(by: { $0.seconds < $1.seconds })
    {
      rows.append(
        "  the tree as it is used has \((theirs.seconds / ours.seconds).fixed(2)) times the speed of MPI_Allreduce's best"
      )
    }
    return rows.joined(separator: "\n")
  }
}
