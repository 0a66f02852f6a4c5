import Communication
import Tensors
import Testing

@Suite struct TimelineTests {
  /// Rank 0's answer lies between question and answer here: on one machine the clocks cannot be told apart by more than
  /// the asking took.
  @Test(arguments: [1, 2, 5])
  func clocksOfOneMachineAgree(size: Int) throws {
    let outputs = InProcessCommunicator.run(size: size) { communicator in
      let start = Timeline.now
      let offset = try communicator.clockOffset()
      return offset.magnitude <= Timeline.now - start
    }
    for output in outputs { #expect(try output.get()) }
  }

  @Test func exchangesAreWrittenDown() throws {
    let outputs = try InProcessCommunicator.run(size: 2) { communicator in
      let timeline = Timeline()
      communicator.activity.begin(step: 3)
      let reducer = TreeReducer(communicator, "gradient", largest: 400, scattered: 0..<0)
      let values = Buffer<Float>(count: 100)
      try reducer.reduce(values.values, tag: 1, witness: 0)
      communicator.activity.timeline = timeline
      let begin = Timeline.now
      try reducer.reduce(values.values, tag: 2, witness: 0)
      communicator.activity.note("adding", from: begin)
      communicator.activity.timeline = nil
      try reducer.reduce(values.values, tag: 3, witness: 0)
      return try communicator.gather(timeline, clockOffset: Int64(communicator.rank) * 1000)
    }.map { try $0.get() }
    #expect(outputs[0] == outputs[1])
    #expect(outputs[0].count == 2)
    for (rank, spans) in outputs[0].enumerated() {
      #expect(spans.map(\.name) == ["gradient", "adding"])
      #expect(spans.map(\.lane) == [.communicating, .computing])
      #expect(spans.allSatisfy { $0.step == 3 && $0.start <= $0.end })
      #expect(spans[0].tag == 2)
      #expect(spans[0].partner == Int64(1 - rank))
      #expect(spans[0].sent == 400 && spans[0].awaited == 400)
      #expect(spans[1].start <= spans[0].start && spans[0].end <= spans[1].end)
    }
  }
}
