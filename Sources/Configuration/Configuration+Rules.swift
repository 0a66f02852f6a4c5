import DataParallel
import PoseData
import PoseModels

extension Configuration {
  /// Values that a batch normalisation at the bottom of an hourglass of `network` takes its statistics from:
  /// samples of a shard × (heatmap resolution / 2^depth)².
  public func deepestStatisticsCount(_ network: HourglassConfiguration) -> Int {
    let side = heatmapResolution >> network.depth
    return train.batch / train.shards * side * side
  }

  /// The networks of the run, by their keys of depth.
  var networks: [(key: String, network: HourglassConfiguration)] {
    [("model.generator.depth", model.generator)]
      + (adversarial.enabled ? [("model.discriminator.depth", model.discriminator)] : [])
  }

  /// Values that are each in range and do not go together.
  struct Contradiction {
    /// The key to change, and those it does not go with.
    var keys: [String]
    var text: String

    init(_ keys: String..., text: String) {
      self.keys = keys
      self.text = text
    }
  }

  func contradictions() -> [Contradiction] {
    dataContradictions() + sizeContradictions() + optimizerContradictions()
  }

  /// What does not go together in what is said of one data set, `section` being where.
  private func setContradictions(
    _ section: String, _ kind: Data.Kind, _ path: String, _ headBoxes: String,
    _ selections: [(key: String, selection: SampleSelection?)]
  ) -> [Contradiction] {
    var found: [Contradiction] = []
    if kind != .synthetic && path.isEmpty {
      found.append(
        Contradiction("\(section).path", "\(section).kind", text: "is missing, and kind: \(kind.rawValue) needs it"))
    }
    if kind != .mpii && !headBoxes.isEmpty {
      found.append(
        Contradiction("\(section).head_boxes", "\(section).kind", text: "are for kind: mpii, not \(kind.rawValue)"))
    }
    for (key, selection) in selections {
      guard let selection else { continue }
      if kind == .synthetic && (selection.part != nil || selection.range == nil) {
        found.append(
          Contradiction(
            key, "\(section).kind", text: "\(selection): synthetic poses have no end and no parts; give numbers"))
      } else if kind == .lspet, let part = selection.part {
        found.append(
          Contradiction(
            key, "\(section).kind", text: "lspet has no part \(part.rawValue); give numbers, such as 1-3600"))
      }
    }
    return found
  }

  private func mixContradictions() -> [Contradiction] {
    guard data.kind == .mix else {
      return data.sources.isEmpty
        ? [] : [Contradiction("data.sources", "data.kind", text: "are for kind: mix, not \(data.kind.rawValue)")]
    }
    var found: [Contradiction] = []
    if !data.path.isEmpty || !data.annotations.isEmpty || !data.images.isEmpty || !data.headBoxes.isEmpty {
      found.append(Contradiction("data.path", "data.kind", text: "each of a mix's sources has its own"))
    }
    if data.split.train != nil || data.split.valid != nil {
      found.append(Contradiction("data.split.train", "data.kind", text: "each of a mix's sources has its own"))
    }
    for (name, isGiven) in [
      ("train", data.sources.contains { $0.train != nil }), ("valid", data.sources.contains { $0.valid != nil }),
    ] where !isGiven {
      found.append(Contradiction("data.sources", "data.kind", text: "no source has \(name): samples, such as 1-100"))
    }
    for (number, source) in data.sources.enumerated() {
      let section = "data.sources[\(number)]"
      if source.kind == .mix {
        found.append(Contradiction("\(section).kind", text: "a mix within a mix"))
        continue
      }
      if source.train == nil && source.valid == nil {
        found.append(Contradiction("\(section).train", text: "neither train nor valid: the set has no part in the mix"))
      }
      found += setContradictions(
        section, source.kind, source.path, source.headBoxes,
        [("\(section).train", source.train), ("\(section).valid", source.valid)])
      if source.renamed == nil {
        found.append(
          Contradiction("\(section).joints", text: "is not of the form joint=own name, joint=own name"))
      }
    }
    return found
  }

  private func dataContradictions() -> [Contradiction] {
    var found: [Contradiction] = []
    if run.directory.isEmpty { found.append(Contradiction("run.directory", text: "is missing")) }
    if run.name.isEmpty || run.name.contains("/") || run.name.contains("..") {
      found.append(
        Contradiction("run.name", text: "\"\(run.name)\" is not a name: it must not be empty nor contain / or .."))
    }
    if data.kind != .mix {
      found += setContradictions(
        "data", data.kind, data.path, data.headBoxes,
        [("data.split.train", data.split.train), ("data.split.valid", data.split.valid)])
    }
    found += mixContradictions()
    if data.kind != .mix, let samples = data.split.train?.range, samples.count < train.batch {
      found.append(
        Contradiction(
          "data.split.train", "train.batch", text: "\(samples.count) samples do not fill a batch of \(train.batch)"))
    }
    if data.augment.channelGainMin > data.augment.channelGainMax {
      found.append(
        Contradiction(
          "data.augment.channel_gain_min", "data.augment.channel_gain_max",
          text: "is greater than data.augment.channel_gain_max"))
    }
    let blasName = compute.blasCore.utf8
    if blasName.isEmpty || blasName.count > 32 || !blasName.allSatisfy(Self.isNamePart) {
      found.append(
        Contradiction("compute.blas_core", text: "is not auto, environment or the name of a core such as Haswell"))
    }
    return found
  }

  private func sizeContradictions() -> [Contradiction] {
    var found: [Contradiction] = []
    var shardsFit = true
    do throws(ShardPlanError) {
      _ = try shardPlan(worldSize: 1)
    } catch {
      shardsFit = false
      found.append(Contradiction("train.shards", "train.batch", text: error.problem))
    }
    if data.inputResolution % 4 != 0 {
      found.append(Contradiction("data.input_resolution", text: "\(data.inputResolution) is not a multiple of 4"))
    }
    for (key, network) in networks {
      if heatmapResolution % (1 << network.depth) != 0 {
        found.append(
          Contradiction(
            key, "data.input_resolution",
            text: "heatmaps of \(heatmapResolution)² cannot be halved \(network.depth) times"))
      } else if shardsFit, deepestStatisticsCount(network) < 2 {
        found.append(
          Contradiction(
            key, "data.input_resolution", "train.batch", "train.shards",
            text: "a shard has a single value for the deepest batch statistics, which need two"))
      }
    }
    for (key, network) in [("model.generator", model.generator), ("model.discriminator", model.discriminator)]
    where network.features % 2 != 0 {
      found.append(Contradiction("\(key).features", text: "\(network.features) is odd, and residual modules halve it"))
    }
    return found
  }

  private func optimizerContradictions() -> [Contradiction] {
    var found: [Contradiction] = []
    for (name, optimizer) in [("generator", optimizer.generator), ("discriminator", optimizer.discriminator)] {
      let key = "optimizer.\(name).milestones"
      if !zip(optimizer.schedule.milestones, optimizer.schedule.milestones.dropFirst()).allSatisfy(<) {
        found.append(Contradiction(key, text: "do not ascend"))
      }
      if optimizer.schedule.course == .step && optimizer.schedule.milestones.isEmpty {
        found.append(Contradiction(key, "optimizer.\(name).schedule", text: "are empty, and schedule: step needs them"))
      }
    }
    return found
  }

  private static func isNamePart(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "_") || Unicode.Scalar(byte).properties.isAlphabetic && byte < 0x80
      || (0x30...0x39).contains(byte)
  }
}
