import Foundation
import Synchronization
import Tensors
import Testing

@Suite struct ThreadPoolTests {
  @Test(arguments: [1, 2, 3, 4, 8])
  func everyPieceRunsOnce(_ threads: Int) {
    let pool = ThreadPool(threads: threads)
    #expect(pool.threads == threads)
    for pieces in [0, 1, 2, 3, threads - 1, threads, threads + 1, 64, 1000, 20_011] {
      let counts = Buffer<Int>(count: pieces)
      let pointer = counts.pointer
      let total = Atomic<Int>(0)
      let strays = Atomic<Int>(0)
      pool.run(pieces) { piece, thread in
        if piece < 0 || piece >= pieces || thread < 0 || thread >= threads {
          strays.wrappingAdd(1, ordering: .relaxed)
          return
        }
        pointer[piece] += 1
        total.wrappingAdd(1, ordering: .relaxed)
      }
      #expect(counts.values.allSatisfy { $0 == 1 } && total.load(ordering: .relaxed) == pieces)
      #expect(strays.load(ordering: .relaxed) == 0)
    }
  }

  /// Many short runs one after the other: what workers write is there when the run returns, what the owner writes
  /// before a run is there for the workers, and no run is missed or done twice.
  @Test(arguments: [2, 3, 5])
  func runsFollowEachOther(_ threads: Int) {
    let pool = ThreadPool(threads: threads)
    let values = Buffer<Int>(count: 7)
    let pointer = values.pointer
    var wrong = 0
    for round in 1...3000 {
      let expected = (0..<7).map { values.pointer[$0] + $0 + round }
      pool.run(7) { piece, _ in pointer[piece] += piece + round }
      if !values.values.elementsEqual(expected) { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  /// The first and the middle piece of eight wait for each other: then none between them has been run.
  @Test func twoThreadsBeginAtTheirShares() {
    let pool = ThreadPool(threads: 2)
    let begun = Atomic<Int>(0)
    let early = Atomic<Int>(0)
    pool.run(8) { piece, _ in
      if piece % 4 == 0 {
        begun.wrappingAdd(1, ordering: .acquiringAndReleasing)
        while begun.load(ordering: .acquiring) < 2 { sched_yield() }
      } else if begun.load(ordering: .acquiring) < 2 {
        early.wrappingAdd(1, ordering: .relaxed)
      }
    }
    #expect(early.load(ordering: .relaxed) == 0)
  }

  @Test(arguments: [1, 2, 3, 8], [1, 2, 7, 8, 36])
  func whatComesNextIsTheNextOfTheShare(threads: Int, pieces: Int) {
    let pool = ThreadPool(threads: threads)
    let ends = (0..<pieces).filter { pool.next(after: $0, of: pieces) == nil }
    #expect(ends.last == pieces - 1 && ends.count == min(threads, pieces))
    let lengths = zip(ends, [-1] + ends).map { $0 - $1 }
    #expect(lengths.max()! - lengths.min()! <= 1)
    for piece in 0..<pieces where !ends.contains(piece) { #expect(pool.next(after: piece, of: pieces) == piece + 1) }
  }

  /// Workers that have gone to sleep in between wake for the next run.
  @Test func sleepersWake() {
    let pool = ThreadPool(threads: 3)
    for _ in 0..<20 {
      let total = Atomic<Int>(0)
      pool.run(50) { _, _ in total.wrappingAdd(1, ordering: .relaxed) }
      #expect(total.load(ordering: .relaxed) == 50)
      Thread.sleep(forTimeInterval: 0.002)
    }
  }

  /// No two pieces have the same thread's number, and so its scratch, at the same time.
  @Test(arguments: [2, 4])
  func threadsHaveTheirNumberForThemselves(_ threads: Int) {
    let pool = ThreadPool(threads: threads)
    let bytes = 100_000
    pool.reserveScratch(bytes: bytes)
    let count = bytes / MemoryLayout<Real>.stride
    let clashes = Atomic<Int>(0)
    pool.run(200) { piece, thread in
      let scratch = pool.scratch(thread)
      for i in 0..<count { scratch[i] = Real(piece) }
      if !(0..<count).allSatisfy({ scratch[$0] == Real(piece) }) { clashes.wrappingAdd(1, ordering: .relaxed) }
    }
    #expect(clashes.load(ordering: .relaxed) == 0)
    let places = (0..<threads).map { Int(bitPattern: pool.scratch($0)) }
    #expect(places.allSatisfy { $0 % 4096 == 0 } && Set(places).count == threads)
  }

  @Test func scratchGrowsAndNeverShrinks() {
    let pool = ThreadPool(threads: 2)
    var most = 0
    for bytes in [1 << 10, 200_000, 1 << 10, 300_000] {
      pool.reserveScratch(bytes: bytes)
      most = max(most, bytes)
      let last = most / MemoryLayout<Real>.stride - 1
      for thread in 0..<2 { pool.scratch(thread)[last] = Real(thread) }
      #expect((0..<2).allSatisfy { pool.scratch($0)[last] == Real($0) })
    }
  }

  /// Made and dropped many times: at once, after a run, and while workers sleep.
  @Test func poolsComeAndGo() {
    let total = Atomic<Int>(0)
    for round in 0..<200 {
      let pool = ThreadPool(threads: 1 + round % 4)
      if round % 3 > 0 { pool.run(5) { _, _ in total.wrappingAdd(1, ordering: .relaxed) } }
      if round % 50 == 0 { Thread.sleep(forTimeInterval: 0.002) }
    }
    #expect(total.load(ordering: .relaxed) == 5 * (0..<200).filter { $0 % 3 > 0 }.count)
  }

  /// Pools of several owners at the same time, as ranks within one process have them.
  @Test func poolsBesideEachOther() async {
    let sums = await withTaskGroup(of: Int.self) { group in
      for owner in 1...4 {
        group.addTask {
          let pool = ThreadPool(threads: 2)
          let total = Atomic<Int>(0)
          for _ in 0..<100 { pool.run(10) { piece, _ in total.wrappingAdd(owner * piece, ordering: .relaxed) } }
          return total.load(ordering: .relaxed)
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(sums.sorted() == (1...4).map { $0 * 4500 })
  }
}
