import Foundation
import Platform

extension DataReport {
  /// Problems named in the text.
  private static let mostNamed = 10

  /// For people: counts, what is wrong, boxes, and a row a joint.
  public var text: String {
    var lines = [
      "\(samples.grouped) \(samples == 1 ? "person" : "people") in \(photographs.grouped) "
        + "photograph\(photographs == 1 ? "" : "s")"
    ]
    if isDecoded {
      lines.append("\(missing.count.grouped) missing, \(broken.count.grouped) broken")
      lines += Self.named(missing) + Self.named(broken)
    } else {
      lines.append("photographs were not looked at")
    }
    if let smallest = sides.first, let largest = sides.last {
      let middle = sides[sides.count / 2]
      lines.append(
        "squares of \(smallest.fixed(0)) to \(largest.fixed(0)) pixels, half of them at most \(middle.fixed(0))"
          + (seen > 0 ? "; \(Self.share(reachingOut, seen)) reach beyond their photograph" : ""))
    }
    let total = labelled.reduce(0, +)
    lines.append(
      "\((Double(total) / Double(max(1, samples))).fixed(2)) of \(jointNames.count) joints labelled a person"
        + "; \(unlabelledSamples.grouped) people without any"
        + (seen > 0 ? "; \(jointsOutside.grouped) joints beyond their photograph" : ""))
    let width = max(jointNames.map(\.count).max()!, "joint".count) + 2
    lines.append("joint".rightPadded(width) + "labelled   hidden of those")
    for (joint, name) in jointNames.enumerated() {
      lines.append(
        name.rightPadded(width) + Self.share(labelled[joint], samples).leftPadded(8)
          + Self.share(hidden[joint], labelled[joint]).leftPadded(17))
    }
    return lines.joined(separator: "\n")
  }

  /// The same for programs.
  public var json: JSONObject {
    func problems(_ errors: [DataError]) -> JSONValue { .array(errors.map { .string($0.description) }) }
    var object: JSONObject = [
      "samples": JSONValue(samples), "photographs": JSONValue(photographs), "decoded": .bool(isDecoded),
      "missing": problems(missing), "broken": problems(broken),
      "labelled": .object(counts(labelled)), "hidden": .object(counts(hidden)),
      "unlabelled_samples": JSONValue(unlabelledSamples),
    ]
    if let smallest = sides.first, let largest = sides.last {
      object.append(
        "square_side",
        .object([
          "min": JSONValue(smallest), "median": JSONValue(sides[sides.count / 2]), "max": JSONValue(largest),
        ]))
    }
    if isDecoded {
      object.append("squares_beyond_photograph", JSONValue(reachingOut))
      object.append("joints_beyond_photograph", JSONValue(jointsOutside))
    }
    return object
  }

  private func counts(_ values: [Int]) -> JSONObject {
    zip(jointNames, values).reduce(into: JSONObject()) { $0.append($1.0, JSONValue($1.1)) }
  }

  private static func named(_ errors: [DataError]) -> [String] {
    errors.prefix(mostNamed).map { "  \($0)" }
      + (errors.count > mostNamed ? ["  and \((errors.count - mostNamed).grouped) more"] : [])
  }

  private static func share(_ part: Int, _ whole: Int) -> String {
    whole == 0 ? "none" : "\((Double(part) / Double(whole)).percent()) %"
  }
}
