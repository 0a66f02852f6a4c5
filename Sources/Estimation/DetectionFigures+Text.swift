import Foundation
import Metrics
import Platform

extension DetectionFigures {
  /// An evaluation for programs, on one line.
  public func json(_ step: Int) -> JSONObject {
    [
      "step": JSONValue(step), "boxes": JSONValue(boxes), "people": JSONValue(people.count),
      "unread": JSONValue(unread), "oks": .object(averagePrecision.json),
    ]
  }

  /// The same for people.
  public var table: String {
    var rows = ["OKS, people found in \(boxes) boxes: \(people.count)"] + averagePrecision.rows(width: 6)
    if unread > 0 { rows.append("\(unread) boxes could not be read and are left out") }
    return rows.joined(separator: "\n")
  }
}

extension KeypointAveragePrecision.Figures {
  /// The ten figures under their usual names.
  private var named: [(String, Double)] {
    [
      ("AP", ap), ("AP50", ap50), ("AP75", ap75), ("APM", apMedium), ("APL", apLarge),
      ("AR", ar), ("AR50", ar50), ("AR75", ar75), ("ARM", arMedium), ("ARL", arLarge),
    ]
  }

  var json: JSONObject { named.reduce(into: JSONObject()) { $0.append($1.0, JSONValue($1.1)) } }

  func rows(width: Int) -> [String] {
    named.map { name, value in
      name.rightPadded(width)
        + (value < 0 ? "none" : value.fixed(4)).leftPadded(10)
    }
  }
}
