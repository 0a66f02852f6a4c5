import Launching
import Testing

@Suite struct RetryPolicyTests {
  typealias Ending = RunEnding

  /// What design says of each code that rank 0 leaves.
  @Test(arguments: [
    (0, false), (2, false), (3, false), (4, false), (5, false), (6, true), (7, false), (8, false), (9, true),
    (130, false), (143, false), (1, false), (137, false),
  ])
  func rankZerosCodeDecides(code: Int32, isSurvivable: Bool) {
    #expect(RetryPolicy.isSurvivable(Ending(rankZero: code, mpirun: 137)) == isSurvivable)
  }

  /// Where rank 0 was killed it leaves none: MPI_Abort's code or mpirun's own.
  @Test(arguments: [
    (1, true), (2, false), (3, false), (4, false), (5, false), (6, true), (7, false), (8, false), (9, true),
    (130, true),
    (137, true), (139, true), (143, true),
  ])
  func otherwiseMpirunsDoes(code: Int32, isSurvivable: Bool) {
    #expect(RetryPolicy.isSurvivable(Ending(mpirun: code)) == isSurvivable)
  }

  @Test func aRunThatStoodStillIsBegunAgain() {
    var policy = RetryPolicy(attempts: 1, backoff: 0, newest: nil)
    #expect(policy.decide(Ending(), newest: nil) == .retry(afterSeconds: 0))
    #expect(policy.decide(Ending(), newest: nil) == .end(code: 9))
  }

  @Test func waitingDoublesUntilThereIsANewerCheckpoint() {
    var policy = RetryPolicy(attempts: 20, backoff: 5, newest: 40)
    let waits = [40, 40, 40, 80, 80, 120, 120, 120, 120, 120, 120, 120, 120, 120].map { newest in
      policy.decide(Ending(mpirun: 137), newest: newest)
    }
    #expect(waits == [5, 10, 20, 5, 10, 5, 10, 20, 40, 80, 160, 300, 300, 300].map { .retry(afterSeconds: $0) })
  }

  @Test func anOlderCheckpointIsNoProgress() {
    var policy = RetryPolicy(attempts: 2, backoff: 0, newest: 40)
    #expect(policy.decide(Ending(mpirun: 137), newest: 20) == .retry(afterSeconds: 0))
    #expect(policy.decide(Ending(mpirun: 137), newest: nil) == .retry(afterSeconds: 0))
    #expect(policy.decide(Ending(mpirun: 137), newest: 40) == .end(code: 137))
  }
}
