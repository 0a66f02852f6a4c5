import Layers
import Tensors

extension ParameterStore {
  /// Sets every parameter and running statistic by name.
  func set(_ values: (_ name: String) throws -> [Double]) rethrows {
    for entry in parameters {
      write(try values(entry.name), to: self.values.pointer + entry.offset, count: entry.count)
    }
    for entry in statistics {
      let channels = entry.count / 2
      let mean = runningValues.pointer + entry.offset
      write(try values("\(entry.name).running_mean"), to: mean, count: channels)
      write(try values("\(entry.name).running_var"), to: mean + channels, count: channels)
    }
  }

  private func write(_ values: [Double], to place: UnsafeMutablePointer<Real>, count: Int) {
    precondition(values.count == count)
    for (i, value) in values.enumerated() { place[i] = Real(value) }
  }

  /// The parts of a block in the parameters' layout, by name.
  func named(_ block: [Double]) -> [(name: String, values: [Double])] {
    parameters.map { ($0.name, Array(block[$0.offset..<$0.offset + $0.count])) }
  }

  /// Running means and variances by name.
  var namedStatistics: [(name: String, values: [Double])] {
    statistics.flatMap { entry in
      let all = (0..<entry.count).map { Double(runningValues.pointer[entry.offset + $0]) }
      return [
        ("\(entry.name).running_mean", Array(all[..<(entry.count / 2)])),
        ("\(entry.name).running_var", Array(all[(entry.count / 2)...])),
      ]
    }
  }

  /// Every parameter and statistic at random, none of them near where it would hide a mistake.
  func randomize(_ random: inout CounterRandom) {
    for entry in parameters {
      let isNorm = entry.name.contains("norm") && entry.name.hasSuffix("weight")
      let scale = entry.shape.count == 1 ? 0.3 : 1 / Double(entry.count / entry.shape.last!).squareRoot()
      for i in 0..<entry.count {
        values.pointer[entry.offset + i] = Real(isNorm ? random.uniform(0.5, 1.5) : scale * random.normal())
      }
    }
  }
}
