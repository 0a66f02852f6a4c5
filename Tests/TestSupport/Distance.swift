/// ‖a − b‖ / ‖b‖; ‖a‖ where b is zero.
public func relativeDistance(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count)
  let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  let norm = b.reduce(0) { $0 + $1 * $1 }.squareRoot()
  return norm == 0 ? difference : difference / norm
}

/// max |a − b| / max |b|, the error as a part of the largest value; max |a| where b is zero. Not a number where any
/// value is not, so that no bound holds.
public func largestError(_ a: [Double], _ b: [Double]) -> Double {
  precondition(a.count == b.count)
  var (difference, largest) = (0.0, 0.0)
  for (x, y) in zip(a, b) {
    let distance = abs(x - y)
    if distance.isNaN { return .nan }
    difference = max(difference, distance)
    largest = max(largest, abs(y))
  }
  return largest == 0 ? difference : difference / largest
}

/// Whether two lists are the same, bit for bit: −0 is not 0, and what is not a number is itself.
public func sameBits(_ a: [[Double]], _ b: [[Double]]) -> Bool {
  a.map { $0.map(\.bitPattern) } == b.map { $0.map(\.bitPattern) }
}
