/// What lies between two ranks: an exchange of n bytes each way takes `latency` + n · `secondsPerByte`.
public struct Network: Sendable, Equatable {
  /// Seconds that an exchange of nothing takes.
  public var latency: Double
  public var secondsPerByte: Double
  /// Seconds of a core that a rank spends on an exchange of nothing.
  public var coreSeconds: Double
  /// And on each byte exchanged, adding included.
  public var coreSecondsPerByte: Double

  public init(
    latency: Double, secondsPerByte: Double, coreSeconds: Double = 0, coreSecondsPerByte: Double = 0
  ) {
    self.latency = latency
    self.secondsPerByte = secondsPerByte
    self.coreSeconds = coreSeconds
    self.coreSecondsPerByte = coreSecondsPerByte
  }

  /// A link's bits a second, of which TCP leaves 95 % to the bytes: 1,448 bytes of a frame's 1,514 to 1,538.
  public var bitsPerSecond: Double {
    get { 8 / (0.95 * secondsPerByte) }
    set { secondsPerByte = 8 / (0.95 * newValue) }
  }

  public func seconds(_ bytes: Int) -> Double { latency + Double(bytes) * secondsPerByte }

  public func coreSeconds(_ bytes: Int) -> Double { coreSeconds + Double(bytes) * coreSecondsPerByte }
}
