/// Notices a balance that does not move, and says what to change; once a run.
struct BalanceWatch {
  private let window: Int
  private var atZero = 0
  private var atOne = 0
  private var steps = 0
  private var largest = 0.0
  private var hasSpoken = false

  /// - Parameter window: steps that k_t must lie still.
  init(window: Int) { self.window = window }

  mutating func note(_ record: StepRecord) -> String? {
    steps += 1
    largest = max(largest, record.kt)
    atZero = record.kt == 0 ? atZero + 1 : 0
    atOne = record.kt == 1 ? atOne + 1 : 0
    guard !hasSpoken else { return nil }
    let ratio = (record.losses[.fake] / record.losses[.real]).significant(3)
    if atOne >= window {
      hasSpoken = true
      return """
        k_t has been 1 for \(atOne) steps (loss_fake / loss_real is \(ratio)): the discriminator is far from balance; \
        lower adversarial.gamma, or adversarial.lambda_k
        """
    }
    if atZero >= window {
      hasSpoken = true
      return """
        k_t has been 0 for \(atZero) steps (loss_fake / loss_real is \(ratio), above gamma): the discriminator learns \
        from real heatmaps alone; raise adversarial.gamma, or train longer before judging
        """
    }
    if steps >= 2 * window && largest < 0.001 {
      hasSpoken = true
      return """
        k_t has moved by less than 0.001 in \(steps) steps: with mean losses its steps are tiny; give \
        adversarial.balance: relative, or reduction: sum, or a larger lambda_k
        """
    }
    return nil
  }
}
