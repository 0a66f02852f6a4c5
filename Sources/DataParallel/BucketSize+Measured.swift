import Communication

extension BucketSize {
  /// The size that `comm.bucket_mib` gives, in MiB; 0 leaves it open, and sums over these ranks are measured. Every rank
  /// calls it.
  public init(
    mebibytes: Double, _ algorithm: ReductionAlgorithm, over communicator: any Communicator
  ) throws(CommunicationError) {
    if mebibytes > 0 {
      self = .bytes(Int(max(1, mebibytes * 0x1p20)))
    } else if communicator.worldSize == 1 || algorithm == .library {
      // The library may add in another order if vectors have another length.
      self = .usual
    } else {
      self = .fitting(try SumCost(measuring: communicator))
    }
  }
}
