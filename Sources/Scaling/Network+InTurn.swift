import RunRecord

extension Network {
  /// Takes a byte's time of a core from what `bench step --in-turn --json` printed on two ranks of different machines: the
  /// seconds that a step with exchange takes beyond one without, less those in which it waited. On two ranks a sum is one
  /// exchange.
  ///
  /// What exchanges take from a step is more than from the short loop beside which `bench allreduce` measures them.
  public mutating func learn(inTurn path: String) throws(FileSystemError) {
    guard let line = try JSONLines.read(path).last(where: { $0["no_exchange"] != nil }),
      let with = line["step_seconds_median"]?.double,
      let without = line["no_exchange"]?.object?["step_seconds_median"]?.double,
      let waits = line["rank_seconds"]?.array?.compactMap({ $0.object?["communication_wait"]?.double }),
      waits.count == 2,
      let buckets = line["bucket_bytes"]?.array?.compactMap(\.int), buckets.allSatisfy({ $0 > 0 }),
      let generator = line["parameters_generator"]?.int
    else { throw FileSystemError(path, "has no line of bench step --in-turn --json on two ranks") }
    let gradients = [generator, line["parameters_discriminator"]?.int ?? 0].map { 4 * $0 }
    let sums = zip(gradients, buckets).reduce(0) { $0 + ($1.0 + $1.1 - 1) / $1.1 }
    let wait = waits.reduce(0, +) / Double(waits.count)
    let taken = with - without - wait - Double(sums) * coreSeconds
    coreSecondsPerByte = max(0, taken) / Double(gradients.reduce(0, +))
  }
}
