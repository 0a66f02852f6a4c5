import Platform

/// Where a step's time went, in seconds.
struct StepTiming {
  let step: Double
  let dataWait: Double
  let communicationWait: Double
  let batch: Int
}

extension StepRecord {
  /// The step's line in `log.jsonl`; `step` counts completed steps.
  func line(_ step: Int, epoch: Int, _ timing: StepTiming) -> JSONObject {
    var line: JSONObject = ["step": JSONValue(step), "epoch": JSONValue(epoch)]
    for term in LossTerm.allCases { line.append(term.key, JSONValue(losses[term])) }
    for (key, value) in [
      ("loss_g", lossG), ("loss_d", lossD), ("kt", kt), ("balance", balance), ("convergence", convergence),
      ("lr_generator", learningRateGenerator), ("lr_discriminator", learningRateDiscriminator),
      ("step_seconds", timing.step), ("data_wait_seconds", timing.dataWait),
      ("comm_wait_seconds", timing.communicationWait), ("images_per_second", Double(timing.batch) / timing.step),
    ] {
      line.append(key, JSONValue(value))
    }
    if skipped != nil { line.append("skipped", .bool(true)) }
    return line
  }
}
