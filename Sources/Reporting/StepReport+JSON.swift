import Platform
import Training

extension StepReport {
  /// The step's line in `log.jsonl`.
  public var json: JSONObject {
    var line: JSONObject = ["step": JSONValue(step), "epoch": JSONValue(epoch)]
    for term in LossTerm.allCases { line.append(term.key, JSONValue(record.losses[term])) }
    for (key, value) in [
      ("loss_g", record.lossG), ("loss_d", record.lossD), ("kt", record.kt), ("balance", record.balance),
      ("convergence", record.convergence), ("lr_generator", record.learningRateGenerator),
      ("lr_discriminator", record.learningRateDiscriminator), ("step_seconds", seconds),
      ("data_wait_seconds", dataWaitSeconds), ("comm_wait_seconds", communicationWaitSeconds),
      ("images_per_second", imagesPerSecond),
    ] {
      line.append(key, JSONValue(value))
    }
    if record.skipped != nil { line.append("skipped", .bool(true)) }
    return line
  }
}
