import Communication
import Foundation
import Kernels
import Platform

/// What `doctor` finds: a machine as training will meet it.
public struct MachineReport {
  /// What would make training slow or end it, and what helps.
  public struct Trouble: Sendable, Equatable {
    public let problem: String
    public let remedy: String

    public init(_ problem: String, remedy: String) {
      self.problem = problem
      self.remedy = remedy
    }
  }

  /// One line each: what was looked at, and what it is.
  public private(set) var findings: [(name: String, text: String)] = []
  public private(set) var troubles: [Trouble] = []

  private let files: SystemFiles

  /// A rank as the others see it.
  public struct RankPlace: Sendable, Equatable {
    public let host: String
    public let cores: String

    public init(host: String, cores: String) {
      self.host = host
      self.cores = cores
    }
  }

  public init(_ files: SystemFiles = SystemFiles()) { self.files = files }

  private mutating func found(_ name: String, _ text: String) { findings.append((name, text)) }

  public mutating func add(_ trouble: Trouble) { troubles.append(trouble) }

  /// Threads, and what this process may use of the machine.
  public mutating func lookAtCores(online: Int, allowed: Int) {
    var text = "\(allowed) of \(online) for this process"
    if let quota = files.coreQuota {
      text += ", \(quota.brief) of their time"
      if quota < Double(allowed) {
        add(
          Trouble(
            "the container may use the time of \(quota.brief) cores, but sees \(allowed): threads will be stopped "
              + "while others wait for them",
            remedy: "give it whole cores, or set compute.threads × ranks to \(max(1, Int(quota)))"))
      }
    }
    found("cores", text)
  }

  /// Where the ranks are, and whether any get in each other's way.
  public mutating func lookAtRanks(_ places: [RankPlace]) {
    let hosts = Dictionary(grouping: places.enumerated(), by: \.element.host)
    if places.count == 1 {
      found("ranks", "1 (started without mpirun, or alone)")
      return
    }
    found("ranks", "\(places.count) on \(hosts.count) machine\(hosts.count == 1 ? "" : "s")")
    for (host, ranks) in hosts.sorted(by: { $0.key < $1.key }) {
      let cores = ranks.map { SystemFiles.cores(in: $0.element.cores) }
      let all = cores.reduce(into: Set<Int>()) { $0.formUnion($1) }
      let names = ranks.map { "\($0.offset)" }.joined(separator: ", ")
      if ranks.count > all.count {
        add(
          Trouble(
            "\(host): ranks \(names) share \(all.count) core\(all.count == 1 ? "" : "s")",
            remedy: ranks.count > 1 && Set(cores).count == 1 && all.count == 1
              ? "mpirun bound them to one core: --bind-to none, or as launch/local does it"
              : "start fewer there, or expect them to take turns"))
      } else if ranks.count > 1, Set(cores).count > 1, cores.reduce(0, { $0 + $1.count }) > all.count {
        add(
          Trouble(
            "\(host): ranks \(names) are bound to sets of cores that overlap",
            remedy: "--map-by slot:PE=THREADS --bind-to hwthread, or --bind-to none"))
      }
    }
    let bindings = hosts.sorted { $0.key < $1.key }.map { host, ranks in
      let cores = ranks.map(\.element.cores)
      // A rank that is alone may be bound too, but that is not seen from here.
      return Set(cores).count == 1 ? "\(host): all on \(cores[0])" : "\(host): \(cores.joined(separator: " | "))"
    }
    found("binding", bindings.joined(separator: "; "))
  }

  public mutating func lookAtKernels(_ level: KernelLevel) {
    found("kernels", "\(level.name) of \(KernelLevel.names.joined(separator: ", ")), the best this CPU runs")
    if level.name == "baseline" {
      add(
        Trouble(
          "this CPU has neither AVX2 with FMA nor AVX-512: steps take several times as long",
          remedy: "on a virtual machine, let it see the host's CPU (-cpu host)"))
    }
  }

  /// Memory, shared memory, pages, clock: what the kernel offers.
  public mutating func lookAtSystem(sharedMemoryFree: Int?) {
    if let kibibytes = files.word(after: "MemAvailable:", in: "/proc/meminfo").flatMap({ Int($0) }) {
      found("memory", "\(kibibytes >> 10) MiB available")
      if kibibytes < 1 << 20 {
        add(
          Trouble(
            "\(kibibytes >> 10) MiB of memory are available; a step of the paper's networks takes 1100 at batch 2",
            remedy: "end other programs, or train with more shards, each of fewer samples"))
      }
    }
    if let sharedMemoryFree {
      found("/dev/shm", "\(sharedMemoryFree >> 20) MiB free")
      if sharedMemoryFree < 256 << 20 {
        add(
          Trouble(
            "/dev/shm has \(sharedMemoryFree >> 20) MiB free: ranks on one machine add gradients there, of the paper's "
              + "networks 120 MiB a rank, and where they lack room send them",
            remedy: "docker run --shm-size=1g, or mount -o remount,size=1g /dev/shm"))
      }
    }
    let hugePages = "/sys/kernel/mm/transparent_hugepage/enabled"
    if let choice = files.choice(hugePages) {
      found("huge pages", choice)
      if choice == "never" {
        add(
          Trouble(
            "transparent huge pages are off: memory is looked up in small pages",
            remedy: "echo madvise > \(hugePages)"))
      }
    }
    if let clock = files.words("/sys/devices/system/clocksource/clocksource0/current_clocksource").first {
      found("clock", clock)
      if ["hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit"].contains(clock) {
        add(
          Trouble(
            "the clock is \(clock): every look at it asks the kernel",
            remedy: "echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource, where that is offered"
          ))
      }
    }
    let frequency = "/sys/devices/system/cpu/cpu0/cpufreq"
    if let governor = files.words("\(frequency)/scaling_governor").first {
      let driver = files.words("\(frequency)/scaling_driver").first ?? "unknown"
      found("frequency", "\(governor), set by \(driver)")
      // These drivers' powersave is the firmware's own choice of frequencies.
      if governor == "powersave", driver != "intel_pstate", driver != "amd-pstate-epp" {
        add(
          Trouble(
            "the cores are kept at their lowest frequency", remedy: "cpupower frequency-set -g performance"))
      }
    }
  }

  /// How quickly checkpoints can be written where `directory` is.
  public mutating func lookAtDisk(_ directory: String, mebibytesPerSecond: Double, freeMebibytes: Int) {
    found("disk", "\(directory): \(mebibytesPerSecond.brief) MiB/s to the disk itself, \(freeMebibytes) MiB free")
    if mebibytesPerSecond < 20 {
      add(
        Trouble(
          "\(directory) takes \(mebibytesPerSecond.brief) MiB a second: a checkpoint of the paper's networks has 265",
          remedy: "choose a quicker run.directory, or a larger checkpoint.every"))
    }
    if freeMebibytes < 2048 {
      add(
        Trouble(
          "\(directory) has \(freeMebibytes) MiB free",
          remedy: "make room: checkpoint.keep checkpoints, the best and the one that is written lie there"))
    }
  }

  public mutating func say(_ name: String, _ text: String) { found(name, text) }

  public var text: String {
    let width = max(12, (findings.map(\.name.count).max() ?? 0) + 2)
    func row(_ name: String, _ text: String) -> String {
      name.rightPadded(width) + text
    }
    var rows = findings.map { row($0.name, $0.text) }
    for trouble in troubles { rows += [row("WRONG", trouble.problem), row("  try", trouble.remedy)] }
    if troubles.isEmpty { rows.append("nothing wrong found") }
    return rows.joined(separator: "\n")
  }
}

extension MachineReport {
  /// Where every rank is; every rank calls it.
  public static func places(_ communicator: any Communicator) throws -> [RankPlace] {
    let own = "\(Host.name) \(SystemFiles().coreList ?? "")"
    return try communicator.allGather(Array(own.utf8)).map { bytes in
      let words = String(decoding: bytes, as: UTF8.self).split(separator: " ").map(String.init)
      return RankPlace(host: words.first ?? "", cores: words.count > 1 ? words[1] : "")
    }
  }
}
