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
    var line: JSONObject = [
      "step": JSONValue(step), "epoch": JSONValue(epoch), "loss_mse": JSONValue(lossMSE),
      "loss_adv": JSONValue(lossAdv), "loss_g": JSONValue(lossG), "loss_real": JSONValue(lossReal),
      "loss_fake": JSONValue(lossFake), "loss_d": JSONValue(lossD), "kt": JSONValue(kt),
      "balance": JSONValue(balance), "convergence": JSONValue(convergence),
      "lr_generator": JSONValue(learningRateGenerator), "lr_discriminator": JSONValue(learningRateDiscriminator),
      "step_seconds": JSONValue(timing.step), "data_wait_seconds": JSONValue(timing.dataWait),
      "comm_wait_seconds": JSONValue(timing.communicationWait),
      "images_per_second": JSONValue(Double(timing.batch) / timing.step),
    ]
    if skipped != nil { line.append("skipped", .bool(true)) }
    return line
  }
}
