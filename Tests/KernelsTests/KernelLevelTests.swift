import Kernels
import TestSupport
import Testing

@Suite struct KernelLevelTests {
  /// The other suites run on every level that this CPU has and pass over the rest; here it shows which were there.
  @Test(arguments: KernelLevel.names)
  func theLevelRunsHere(_ name: String) {
    withKnownIssue("this CPU cannot run \(name)", isIntermittent: true) {
      #expect(KernelLevel(named: name)?.name == name)
    }
  }

  @Test func theBestIsTheFirstThatRuns() {
    #expect(KernelLevel.best.name == Workbench.levels.first?.name)
    #expect(KernelLevel(named: "baseline") != nil)
    #expect(KernelLevel(named: "v5") == nil)
    #expect(KernelLevel(named: "") == nil)
  }
}
