import Launching
import Testing

@Suite struct RunEndingTests {
  /// Rank 0's code counts, whatever mpirun says.
  @Test(
    arguments: [
      (RunEnding(rankZero: 0, mpirun: 1), 0, "the run ended with 0"),
      (RunEnding(rankZero: 7, mpirun: 7), 7, "the run ended with 7"),
      (RunEnding(mpirun: 3), 3, "mpirun ended with 3"),
      (RunEnding(mpirun: 137), 137, "mpirun ended with 137: a rank was stopped by KILL"),
      (RunEnding(mpirun: 139), 139, "mpirun ended with 139: a rank was stopped by SEGV"),
      (RunEnding(mpirun: 255), 255, "mpirun ended with 255"),
      (RunEnding(mpirun: 137, isDirect: true), 137, "the run ended with 137: a rank was stopped by KILL"),
      (RunEnding(), 9, "the run stood still and was ended"), (RunEnding(failure: "no host"), 9, "no host"),
    ] as [(RunEnding, Int32, String)])
  func codeAndCause(ending: RunEnding, code: Int32, cause: String) {
    #expect(ending.code == code)
    #expect(ending.cause == cause)
  }

  /// A file that rank 0 has not written, or somebody else has, is no code.
  @Test(
    arguments: [
      ("0\n", 0), ("143\n", 143), (" 9 ", 9), ("", nil), ("\n", nil), ("1234\n", nil), ("-1\n", nil), ("+1", nil),
      ("7 8", nil),
      ("x", nil), ("0x1", nil), (nil, nil),
    ] as [(String?, Int32?)])
  func codeInAFile(text: String?, code: Int32?) {
    #expect(RankRun.code(in: text) == code)
  }
}
