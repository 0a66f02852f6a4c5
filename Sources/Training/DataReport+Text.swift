import Foundation
import PoseData
import RunRecord

extension DataReport {
  /// Problems named in the text.
  private static let mostNamed = 10

  /// For people: counts, what is wrong, boxes, and a row a joint.
  public var text: String {
    var lines = [
      "\(Self.grouped(samples)) \(samples == 1 ? "person" : "people") in \(Self.grouped(photographs)) "
        + "photograph\(photographs == 1 ? "" : "s")"
    ]
    if isDecoded {
      lines.append("\(Self.grouped(missing.count)) missing, \(Self.grouped(broken.count)) broken")
      lines += Self.named(missing) + Self.named(broken)
    } else {
      lines.append("photographs were not looked at")
    }
    if let smallest = sides.first, let largest = sides.last {
      let middle = sides[sides.count / 2]
      lines.append(
        String(format: "squares of %.0f to %.0f pixels, half of them at most %.0f", smallest, largest, middle)
          + (seen > 0 ? "; \(Self.share(reachingOut, seen)) reach beyond their photograph" : ""))
    }
    let total = labelled.reduce(0, +)
    lines.append(
      String(format: "%.2f of %d joints labelled a person", Double(total) / Double(max(1, samples)), jointNames.count)
        + "; \(Self.grouped(unlabelledSamples)) people without any"
        + (seen > 0 ? "; \(Self.grouped(jointsOutside)) joints beyond their photograph" : ""))
    let width = max(jointNames.map(\.count).max()!, "joint".count) + 2
    lines.append("joint".padding(toLength: width, withPad: " ", startingAt: 0) + "labelled   hidden of those")
    for (joint, name) in jointNames.enumerated() {
      lines.append(
        name.padding(toLength: width, withPad: " ", startingAt: 0) + Self.share(labelled[joint], samples).leftPadded(8)
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
      + (errors.count > mostNamed ? ["  and \(grouped(errors.count - mostNamed)) more"] : [])
  }

  private static func share(_ part: Int, _ whole: Int) -> String {
    whole == 0 ? "none" : String(format: "%.1f %%", 100 * Double(part) / Double(whole))
  }

  /// 22246 as 22,246.
  private static func grouped(_ number: Int) -> String {
    var digits = String(number)
    var place = digits.count - 3
    while place > 0 {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: place))
      place -= 3
    }
    return digits
  }
}
