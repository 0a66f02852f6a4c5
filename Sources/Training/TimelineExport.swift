import Communication
import Platform

/// Timelines of all ranks in the form that chrome://tracing and Perfetto read: a process a rank, a thread a lane.
public enum TimelineExport {
  /// The trace; times are microseconds since the first span of any rank.
  public static func trace(_ ranks: [[Timeline.Span]]) -> JSONObject {
    let start = ranks.joined().map(\.start).min() ?? 0
    var events: [JSONValue] = []
    for (rank, spans) in ranks.enumerated() {
      events.append(name("process_name", rank, nil, "rank \(rank)"))
      for lane in Timeline.Lane.allCases { events.append(name("thread_name", rank, lane, "\(lane)")) }
      events += spans.map { event($0, rank, since: start) }
    }
    return ["displayTimeUnit": "ms", "traceEvents": .array(events)]
  }

  private static func name(_ what: String, _ rank: Int, _ lane: Timeline.Lane?, _ text: String) -> JSONValue {
    [
      "name": .string(what), "ph": "M", "pid": JSONValue(rank), "tid": JSONValue(lane?.rawValue ?? 0),
      "args": ["name": .string(text)],
    ]
  }

  private static func event(_ span: Timeline.Span, _ rank: Int, since start: UInt64) -> JSONValue {
    var arguments: JSONObject = ["step": JSONValue(span.step)]
    switch span.lane {
    case .computing: break
    case .communicating:
      arguments.append("bucket", JSONValue(span.tag))
      arguments.append("partner", JSONValue(span.partner))
      arguments.append("sent", JSONValue(span.sent))
      arguments.append("awaited", JSONValue(span.awaited))
    case .handingOver:
      arguments.append("bucket", JSONValue(span.tag))
      arguments.append("bytes", JSONValue(span.sent))
    }
    return [
      "name": .string("\(span.name)"), "ph": "X", "pid": JSONValue(rank), "tid": JSONValue(span.lane.rawValue),
      "ts": JSONValue(Double(span.start - start) / 1e3), "dur": JSONValue(Double(span.end - span.start) / 1e3),
      "args": .object(arguments),
    ]
  }
}
