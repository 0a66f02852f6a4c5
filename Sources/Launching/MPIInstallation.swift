import Glibc
import Platform

/// The mpirun that is in PATH: Open MPI's, and not too old.
public struct MPIInstallation: Sendable, Equatable {
  /// Its file.
  public let path: String
  /// Such as 4.1.4.
  public let version: String

  /// What is wrong with it, and what helps.
  public struct Fault: ExitCodeError, Sendable, Equatable, CustomStringConvertible {
    public let problem: String
    public let remedy: String
    public var description: String { "\(problem); \(remedy)" }
    public var exitCode: ExitCode { .usage }
  }

  /// The oldest version whose options are those of `MpirunCommand`; 4.1.4 is what it is tested with.
  static let oldest = (major: 4, minor: 0)
  private static let remedy = "install Open MPI 4: apt-get install openmpi-bin"
  private static let seconds = 10.0

  /// Looks for it and asks for its version.
  public static func find() throws(Fault) -> MPIInstallation {
    guard let path = ProgramPath.find("mpirun") else { throw Fault(problem: "mpirun is not in PATH", remedy: remedy) }
    let process: CapturedProcess
    do {
      process = try CapturedProcess([path, "--version"])
    } catch {
      throw Fault(problem: "\(error)", remedy: remedy)
    }
    let end = ContinuousClock.now + .seconds(seconds)
    while process.poll() == nil {
      guard ContinuousClock.now < end else {
        process.end()
        throw Fault(problem: "\(path) --version does not end", remedy: remedy)
      }
      usleep(2000)
    }
    return try MPIInstallation(path: path, says: process.output + process.errors)
  }

  /// - Parameter text: what `mpirun --version` prints.
  package init(path: String, says text: String) throws(Fault) {
    let first = text.split(separator: "\n").first.map { $0.trimmingPrefix { $0.isWhitespace } }.map(String.init) ?? ""
    let mark = "(Open MPI) "
    guard let range = first.firstRange(of: mark) else {
      let isMPICH = text.contains("HYDRA") || text.contains("MPICH")
      let what =
        isMPICH ? "MPICH's" : first.isEmpty ? "not Open MPI's" : "not Open MPI's: it says \"\(first.prefix(60))\""
      throw Fault(
        problem: "\(path) is \(what)",
        remedy: "\(Self.remedy); if it is there already, put its folder first in PATH"
          + (isMPICH ? " or run update-alternatives --config mpirun" : ""))
    }
    version = String(first[range.upperBound...].prefix { $0.isNumber || $0 == "." })
    self.path = path
    let numbers = version.split(separator: ".").map { Int($0) ?? 0 }
    guard let major = numbers.first else {
      throw Fault(problem: "\(path) does not say its version: \(first.prefix(60))", remedy: Self.remedy)
    }
    let minor = numbers.count > 1 ? numbers[1] : 0
    guard (major, minor) >= Self.oldest else {
      throw Fault(
        problem: "\(path) is Open MPI \(version), and \(Self.oldest.major).\(Self.oldest.minor) or later is needed",
        remedy: Self.remedy)
    }
  }
}
