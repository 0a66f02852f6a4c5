import Configuration
import Platform
import PoseData

#if canImport(Glibc)
  import Glibc
#endif

/// How fast a configuration's training samples are made: decoded, changed at random, cropped, and their heatmaps drawn.
public struct DataBenchmark {
  private let loader: BatchLoader
  private let batch: Int
  private let threads: Int

  public init(_ configuration: Configuration) throws(DataError) {
    batch = configuration.train.batch
    threads = configuration.data.threads
    loader = try BatchLoader(
      dataset: configuration.usableDataset(.train), seed: configuration.run.seed, batch: batch,
      inputResolution: configuration.data.inputResolution, sigma: configuration.data.heatmapSigma,
      cut: configuration.data.heatmapCut, augmentation: configuration.data.augment,
      onBroken: configuration.data.onBroken, threads: threads)
  }

  /// Takes batches for so many seconds, after two that are not counted.
  ///
  /// - Returns: threads, samples, seconds, samples_per_second, and the processor's time: cpu_seconds and
  ///   samples_per_cpu_second.
  public func run(seconds: Double) throws(DataError) -> JSONObject {
    for _ in 0..<2 { loader.recycle(try loader.next()) }
    let clock = ContinuousClock()
    let (start, startOfProcessor) = (clock.now, Self.processorSeconds)
    var samples = 0
    var elapsed = 0.0
    while elapsed < seconds {
      loader.recycle(try loader.next())
      samples += batch
      elapsed = (clock.now - start) / .seconds(1)
    }
    let busy = Self.processorSeconds - startOfProcessor
    return [
      "threads": JSONValue(threads), "samples": JSONValue(samples), "seconds": JSONValue(elapsed),
      "samples_per_second": JSONValue(Double(samples) / elapsed), "cpu_seconds": JSONValue(busy),
      "samples_per_cpu_second": JSONValue(Double(samples) / busy),
    ]
  }

  private static var processorSeconds: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6
  }
}
