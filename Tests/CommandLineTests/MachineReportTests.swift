import Communication
import Foundation
import Kernels
import Platform
import Testing
import Training
import equipoise

/// Machines that are folders with the kernel's files in them.
@Suite struct MachineReportTests {
  private typealias Place = MachineReport.RankPlace

  /// What is found on a machine whose files these are, and what is wrong with it.
  private func troubles(
    _ files: [String: String], _ look: (inout MachineReport) -> Void
  ) throws -> (text: String, problems: [String]) {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("machine-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (path, text) in files {
      let file = root.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    var report = MachineReport(SystemFiles(root: root.path))
    look(&report)
    #expect(report.troubles.allSatisfy { !$0.remedy.isEmpty })
    return (report.text, report.troubles.map(\.problem))
  }

  private static let sound = [
    "/proc/meminfo": "MemTotal: 32000000 kB\nMemAvailable: 16000000 kB\n",
    "/sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
    "/sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
    "/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver": "intel_pstate\n",
    "/sys/fs/cgroup/cpu.max": "max 100000\n",
  ]

  private func look(_ report: inout MachineReport) {
    report.lookAtCores(online: 8, allowed: 4)
    report.lookAtSystem(sharedMemoryFree: 1 << 30)
    report.lookAtDisk("/runs", mebibytesPerSecond: 300, freeMebibytes: 90_000)
  }

  @Test func aSoundMachineHasNothingWrong() throws {
    let (text, problems) = try troubles(Self.sound, look)
    #expect(problems.isEmpty && text.hasSuffix("nothing wrong found"))
    #expect(text.contains("cores       4 of 8 for this process\n") && text.contains("memory      15625 MiB available"))
    // Nor has one that says nothing of itself.
    #expect(try troubles([:], look).problems.isEmpty)
  }

  @Test(arguments: [
    ("/proc/meminfo", "MemAvailable: 900000 kB", "878 MiB of memory"),
    ("/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]", "huge pages are off"),
    ("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet", "the clock is hpet"),
    ("/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver", "acpi-cpufreq", "lowest frequency"),
    ("/sys/fs/cgroup/cpu.max", "150000 100000", "the time of 1.5 cores, but sees 4"),
  ])
  func whatTheKernelSaysIsWrongIsNamed(_ path: String, _ text: String, _ problem: String) throws {
    let found = try troubles(Self.sound.merging([path: text]) { $1 }, look)
    try #require(found.problems.count == 1, "\(found.problems)")
    #expect(found.problems[0].contains(problem) && found.text.contains("WRONG       "))
  }

  @Test(arguments: [("-1", 0), ("50000", 1)])
  func theFirstControlGroupsAreReadToo(_ quota: String, _ count: Int) throws {
    let files = ["/sys/fs/cgroup/cpu/cpu.cfs_quota_us": quota, "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"]
    #expect(try troubles(files, look).problems.count == count)
  }

  @Test func smallSharedMemoryAndSlowOrFullDisksAreNamed() throws {
    let found = try troubles(Self.sound) { report in
      report.lookAtSystem(sharedMemoryFree: 60 << 20)
      report.lookAtDisk("/slow", mebibytesPerSecond: 3.25, freeMebibytes: 90_000)
      report.lookAtDisk("/full", mebibytesPerSecond: 300, freeMebibytes: 12)
    }
    #expect(found.problems.count == 3)
    #expect(found.problems[0].hasPrefix("/dev/shm has 60 MiB free"))
    #expect(found.problems[1].hasPrefix("/slow takes 3.3 MiB a second"))
    #expect(found.problems[2] == "/full has 12 MiB free")
  }

  @Test func ranksThatGetInEachOthersWayAreNamed() throws {
    func problems(_ places: [Place]) throws -> [String] {
      try troubles([:]) { $0.lookAtRanks(places) }.problems
    }
    func places(_ cores: String...) -> [Place] { cores.map { Place(host: "a", cores: $0) } }
    #expect(try problems(places("0-3")).isEmpty)
    #expect(try problems(places("0-1", "2-3")).isEmpty)
    // Unbound, as many as cores.
    #expect(try problems(places("0-1", "0-1")).isEmpty)
    #expect(try problems(places("0,2", "0,2", "0,2")) == ["a: ranks 0, 1, 2 share 2 cores"])
    #expect(try problems(places("0", "0")) == ["a: ranks 0, 1 share 1 core"])
    #expect(try problems(places("0-2", "2-3")) == ["a: ranks 0, 1 are bound to sets of cores that overlap"])
    #expect(try problems(places("0", "0") + [Place(host: "b", cores: "0")]) == ["a: ranks 0, 1 share 1 core"])
    #expect(try problems([Place(host: "a", cores: "0"), Place(host: "b", cores: "0")]).isEmpty)
  }

  @Test func whereRanksAreBoundIsSaidForEachMachine() throws {
    let places = [("b", "0-31"), ("a", "0-15"), ("a", "16-31"), ("b", "0-31")].map { Place(host: $0.0, cores: $0.1) }
    let found = try troubles([:]) { $0.lookAtRanks(places) }
    #expect(found.text.contains("binding     a: 0-15 | 16-31; b: all on 0-31"))
  }

  @Test func aMachineWithoutVectorsIsNamed() throws {
    let found = try troubles([:]) { $0.lookAtKernels(KernelLevel(named: "baseline")!) }
    #expect(found.problems.count == 1 && found.problems[0].contains("neither AVX2"))
  }

  @Test func everyRankSaysWhereItIs() throws {
    for places in InProcessCommunicator.run(size: 4, { try MachineReport.places($0) }) {
      #expect(try places.get().count == 4)
      #expect(try places.get().allSatisfy { !$0.host.isEmpty && !$0.cores.isEmpty })
    }
  }
}
