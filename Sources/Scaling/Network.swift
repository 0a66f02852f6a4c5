/// What lies between two ranks: an exchange of n bytes each way takes `latency` + n · `secondsPerByte`.
public struct Network: Sendable, Equatable {
  /// Seconds that an exchange of nothing takes.
  public var latency: Double
  public var secondsPerByte: Double
  /// Seconds of a core that a rank spends on each byte exchanged, adding included.
  public var coreSecondsPerByte: Double

  public init(latency: Double, secondsPerByte: Double, coreSecondsPerByte: Double = 0) {
    self.latency = latency
    self.secondsPerByte = secondsPerByte
    self.coreSecondsPerByte = coreSecondsPerByte
  }

  /// A link of so many bits a second.
  public init(bitsPerSecond: Double, latency: Double, coreSecondsPerByte: Double = 0) {
    self.init(latency: latency, secondsPerByte: 8 / bitsPerSecond, coreSecondsPerByte: coreSecondsPerByte)
  }

  public func seconds(_ bytes: Int) -> Double { latency + Double(bytes) * secondsPerByte }
}
