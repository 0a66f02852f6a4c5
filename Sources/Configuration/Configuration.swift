import DataParallel
import Kernels

/// Everything that a run can be told, one property a key of its YAML file.
///
/// The file's keys are the properties' names in snake case: `adversarial.lambda_g` is
/// `configuration.adversarial.lambdaG`. A default stands beside its property; what has none must be given. Loading
/// refuses unknown and duplicate keys, wrong types and values out of range, all in one `ConfigurationError`.
public struct Configuration: Sendable, Equatable {
  public var run = Run()
  public var data = Data()
  public var model = Model()
  public var adversarial = Adversarial()
  public var optimizer = Optimizers()
  public var train = Train()
  public var compute = Compute()
  public var comm = Comm()
  public var checkpoint = Checkpoints()
  public var evaluate = Evaluate()
  public var watchdog = Watchdog()
  public var supervise = Supervise()

  public init() {}

  /// What the run is called and where its record lies.
  public struct Run: Sendable, Equatable {
    /// Where config.yaml, log.jsonl, checkpoints/ and samples/ go. Required.
    public var directory = ""
    /// Keys every random number of the run.
    public var seed: UInt64 = 0
    /// A name for people; the configuration file's name where none is given.
    public var name = ""
  }

  /// How long to train, and in what portions.
  public struct Train: Sendable, Equatable {
    public enum OnNotFinite: String, Sendable, CaseIterable {
      /// A loss or gradient that is not finite ends the run with exit code 7.
      case fail
      /// The step changes nothing, on any rank, and the run goes on.
      case skip
    }

    /// Passes over the training samples.
    public var epochs = 20
    /// Total steps; 0 leaves it to `epochs`, anything else wins over them.
    public var steps = 0
    /// Samples of a step over all ranks, B.
    public var batch = 6
    /// Portions that the batch is always cut into, V, whatever the number of ranks: a power of two dividing `batch`. If it
    /// is not given, the largest such number up to 4.
    public var shards = 2
    /// Steps between comparisons of all ranks' parameters; 0 leaves them to checkpoints.
    public var digestEvery = 100
    public var onNotFinite = OnNotFinite.fail
  }

  /// What a rank computes with.
  public struct Compute: Sendable, Equatable {
    /// Threads of a rank; 0 for the cores at hand divided by the ranks on the machine. Never changes a result.
    public var threads = 0
    /// OpenBLAS's kernels, where it is measured against (`bench step --blas-core`): `auto` for the best the CPU has,
    /// `environment` to leave the choice to the environment, or a name such as `Haswell`. Training does without it.
    public var blasCore = "auto"
    /// Our own kernels' instruction set; named, ranks on unlike CPUs compute the same bits.
    public var kernels = KernelChoice.auto
    /// How 3×3 convolutions are computed.
    public var convolution = ConvolutionAlgorithm.winograd

    public init() {}
  }

  /// How gradients are summed over ranks.
  public struct Comm: Sendable, Equatable {
    public var algorithm = ReductionAlgorithm.tree
    /// Size of the pieces that gradients are sent in while backward goes on, in MiB; 0: chosen by what sums over the
    /// ranks take.
    public var bucketMib = 0.0

    public init() {}
  }

  public struct Checkpoints: Sendable, Equatable {
    /// Steps between checkpoints; 0 for one at the end only.
    public var every = 500
    /// How many of the last stay; the best by the validation metric stays besides.
    public var keep = 3
  }

  public struct Evaluate: Sendable, Equatable {
    /// Steps between evaluations; 0 for one at the end only.
    public var every = 0
  }

  public struct Watchdog: Sendable, Equatable {
    /// A rank without progress for so long ends the run with exit code 9; 0 for never.
    public var seconds = 300.0
  }

  /// How `equipoise supervise` restarts a run.
  public struct Supervise: Sendable, Equatable {
    /// Restarts without progress before it gives up.
    public var attempts = 20
    /// Seconds before the first restart; doubled with each that made no progress.
    public var backoff = 5.0
  }
}
