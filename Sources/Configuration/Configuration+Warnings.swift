extension Configuration {
  /// What is doubtful and yet allowed, one sentence each.
  public var warnings: [String] { statisticsWarnings + splitWarnings + idleKeyWarnings }

  private var statisticsWarnings: [String] {
    networks.map { ($0.key, deepestStatisticsCount($0.network)) }.filter { $0.1 < 32 }.map { key, count in
      """
      \(key): the deepest batch statistics come from \(count) values, and less than 32 make them noisy; \
      give fewer shards, a larger batch or less depth
      """
    }
  }

  private var splitWarnings: [String] {
    let splits =
      [("data.split", data.split.train, data.split.valid)]
      + data.sources.enumerated().map { ("data.sources[\($0)]", $1.train, $1.valid) }
    return splits.compactMap { place, train, valid in
      guard let train, let valid, train.overlaps(valid) else { return nil }
      return "\(place): train \(train) and valid \(valid) share samples"
    }
  }

  /// Keys that were set although another key keeps them from having an effect.
  ///
  /// A key that has its default says nothing, so that a resolved configuration, which names every key, gives no warning.
  private var idleKeyWarnings: [String] {
    var (writer, defaults) = (ConfigurationWriter(), ConfigurationWriter())
    var (own, plain) = (self, Configuration())
    own.visit(&writer)
    plain.visit(&defaults)
    let changed = Set(zip(writer.lines, defaults.lines).filter { $0.text != $1.text }.map(\.0.key))
    return idleKeys.flatMap { cause, keys in
      writer.lines.map(\.key).filter { key in
        changed.contains(key) && !key.hasSuffix(".enabled")
          && keys.contains { $0.hasSuffix(".") ? key.hasPrefix($0) : key == $0 }
      }.map { "\($0): has no effect \(cause)" }
    }
  }

  /// What makes keys idle, and which: a name that ends in a dot stands for a section.
  private var idleKeys: [(cause: String, keys: [String])] {
    var idle: [(String, [String])] = [
      ("on training, which does without OpenBLAS; `bench step --blas-core` takes it", ["compute.blas_core"])
    ]
    if !adversarial.enabled {
      let keys = ["lambda_g", "lambda_k", "gamma", "k_initial", "balance", "target_gradient", "refresh_discriminator"]
      idle.append(
        (
          "with adversarial.enabled: false",
          keys.map { "adversarial.\($0)" } + ["model.discriminator.", "optimizer.discriminator."]
        ))
    }
    for (name, optimizer) in [("generator", optimizer.generator), ("discriminator", optimizer.discriminator)]
    where name == "generator" || adversarial.enabled {
      let section = "optimizer.\(name)"
      switch optimizer.kind {
      case .rmsprop: idle.append(("with \(section).kind: rmsprop", ["\(section).beta1", "\(section).beta2"]))
      case .adam: idle.append(("with \(section).kind: adam", ["\(section).alpha"]))
      }
      let course = optimizer.schedule.course
      if course != .step {
        idle.append(
          ("with \(section).schedule: \(course.rawValue)", ["\(section).milestones", "\(section).decay"]))
      }
      if course != .cosine {
        idle.append(("with \(section).schedule: \(course.rawValue)", ["\(section).final_fraction"]))
      }
    }
    let augment = "data.augment"
    if !data.augment.isEnabled {
      idle.append(("with \(augment).enabled: false", ["\(augment)."]))
    } else {
      if data.augment.rotationProbability == 0 {
        idle.append(
          ("with \(augment).rotation_probability: 0", ["\(augment).rotation_sigma", "\(augment).rotation_limit"]))
      }
      if data.augment.cutOutProbability == 0 {
        idle.append(("with \(augment).cut_out_probability: 0", ["\(augment).cut_out_size"]))
      }
    }
    switch data.kind {
    case .synthetic: idle.append(("with data.kind: synthetic", ["data.path", "data.annotations", "data.images"]))
    case .mix: break
    default: idle.append(("with data.kind: \(data.kind.rawValue)", ["data.difficulty", "data.image_size"]))
    }
    return idle
  }
}
