import Foundation
import Tensors
import Testing

@Suite struct ArenaTests {
  /// Random computations: whatever is alive at the same time lies apart, inside the block, and keeps its values.
  @Test(arguments: 0..<60)
  func lifetimesNeverOverlap(_ seed: Int) {
    let trace = ArenaTrace(seed: UInt64(seed), steps: 20 + 5 * seed)
    let arena = Arena()
    arena.plan { trace.perform(arena) { _, _ in } }

    var places: [[Int]] = []
    var mistakes: [String] = []
    for _ in 0..<2 {
      var alive: [Int: Tensor] = [:]
      var seen: [Int] = []
      var (lowest, highest) = (Int.max, 0)
      arena.run {
        trace.perform(arena) { number, tensor in
          guard let tensor else {
            let gone = alive.removeValue(forKey: number)!
            if !gone.values.allSatisfy({ $0 == Real(number) }) { mistakes.append("\(number) was written over") }
            return
          }
          let start = Int(bitPattern: tensor.pointer)
          let end = start + tensor.count * MemoryLayout<Real>.stride
          for (other, live) in alive where tensor.count > 0 && live.count > 0 {
            let from = Int(bitPattern: live.pointer)
            if start < from + live.count * MemoryLayout<Real>.stride && from < end {
              mistakes.append("\(number) lies on \(other)")
            }
          }
          if start % 64 != 0 { mistakes.append("\(number) is not aligned") }
          (lowest, highest) = (min(lowest, start), max(highest, end))
          alive[number] = tensor
          seen.append(start)
          tensor.values.update(repeating: Real(number))
        }
      }
      #expect(highest - lowest <= arena.byteCount)
      for (number, tensor) in alive where !tensor.values.allSatisfy({ $0 == Real(number) }) {
        mistakes.append("\(number) was written over")
      }
      places.append(seen)
    }
    #expect(mistakes.isEmpty)
    #expect(places[0] == places[1], "the second run was given other places")
    // Never less than what is alive at one time, and never more than everything side by side.
    #expect(arena.byteCount >= trace.mostBytesAlive && arena.byteCount <= trace.bytes)
  }

  @Test func placesAreUsedAgain() {
    let shape = Shape(n: 1, h: 4, w: 4, c: 16)
    let bytes = shape.count * MemoryLayout<Real>.stride
    let arena = Arena()
    let chain = {
      var last = arena.allocate(shape)
      for _ in 0..<20 {
        let next = arena.allocate(shape)
        arena.release(last)
        last = next
      }
    }
    arena.plan(chain)
    #expect(arena.byteCount == 2 * bytes)
  }

  @Test func aRetainedTensorLivesOn() {
    let shape = Shape(n: 1, h: 1, w: 1, c: 64)
    let arena = Arena()
    var tensors: [Tensor] = []
    let computation = {
      let kept = arena.allocate(shape)
      arena.retain(kept)
      arena.release(kept)
      let second = arena.allocate(shape)
      arena.release(kept)
      arena.release(second)
      tensors = [kept, second, arena.allocate(shape)]
    }
    arena.plan(computation)
    arena.run(computation)
    #expect(tensors[0].pointer != tensors[1].pointer)
    #expect(tensors[2].pointer == tensors[0].pointer || tensors[2].pointer == tensors[1].pointer)
  }

  @Test func tensorsOfOthersAreLeftAlone() {
    let buffer = Buffer<Real>(count: 64)
    let foreign = Tensor(buffer.pointer, .channels(64))
    let arena = Arena()
    var tensors: [Tensor] = []
    let computation = {
      let first = arena.allocate(.channels(64))
      arena.retain(foreign)
      for _ in 0..<3 { arena.release(foreign) }
      tensors = [first, arena.allocate(.channels(64)), foreign]
    }
    arena.plan(computation)
    arena.run(computation)
    #expect(Set(tensors.map(\.pointer)).count == 3)
    #expect(arena.byteCount == 128 * MemoryLayout<Real>.stride)
  }

  /// A plan takes no account of it, and a value of it is never read.
  @Test func aTensorWithAShapeAloneHasNoMemory() async {
    let arena = Arena()
    arena.plan {
      let shape = Tensor.shapeOnly(Shape(n: 2, h: 3, w: 4, c: 5))
      #expect(shape.count == 120 && shape.image(1).shape == Shape(n: 1, h: 3, w: 4, c: 5))
      arena.retain(shape)
      for _ in 0..<3 { arena.release(shape) }
    }
    #expect(arena.byteCount == 0)
    await #expect(processExitsWith: .failure) {
      print(Tensor.shapeOnly(.channels(1)).values[0])
      exit(0)
    }
  }

  @Test func anErrorInARunLeavesThePlan() {
    struct Failure: Error {}
    let arena = Arena()
    var first: [UnsafeMutablePointer<Real>] = []
    arena.plan { _ = (arena.allocate(.channels(5)), arena.allocate(.channels(7))) }
    arena.run { first = [arena.allocate(.channels(5)).pointer, arena.allocate(.channels(7)).pointer] }
    #expect(throws: Failure.self) {
      try arena.run { () throws in
        _ = arena.allocate(.channels(5))
        throw Failure()
      }
    }
    arena.run { #expect([arena.allocate(.channels(5)).pointer, arena.allocate(.channels(7)).pointer] == first) }
  }

  @Test func aRunThatDiffersFromItsPlanEnds() async {
    await #expect(processExitsWith: .failure) {
      let arena = Arena()
      arena.plan { _ = arena.allocate(.channels(5)) }
      arena.run { _ = arena.allocate(.channels(500)) }
    }
    await #expect(processExitsWith: .failure) {
      let arena = Arena()
      arena.plan {
        let tensor = arena.allocate(.channels(5))
        arena.release(tensor)
        arena.release(tensor)
      }
    }
  }
}
