import Communication
import DataParallel
import Kernels
import PoseData
import RunRecord

extension ExitCode {
  /// The code with which the program ends after an error.
  public init(for error: any Error) {
    switch error {
    case is ConfigurationError, is BLASError, is ShardPlanError: self = .configuration
    case is DataError: self = .data
    case is CheckpointError: self = .checkpoint
    case is NotFiniteError: self = .notFinite
    case CommunicationError.witnessDiffers, CommunicationError.replicasDiffer: self = .replicasDiffer
    case is CommunicationError, is StandstillError: self = .rankLost
    case let error as FailedElsewhere: self = error.code
    default: self = .fileSystem
    }
  }
}
