import Tensors

/// One rank's part of a global batch, and the memory that it lies in.
///
/// Its values stay as they are until the batch is given back to its loader.
public final class Batch {
  /// n×R×R×3, in 0...1.
  public let images: Tensor
  /// n×r×r×M.
  public let heatmaps: Tensor
  /// n×1×1×M: 1 where a joint counts, 0 where it is masked.
  public let mask: Tensor
  /// Number in the data set of each of the n samples.
  public var samples: [Int] { visits.map(\.sample) }
  public internal(set) var epoch = 0
  /// The global step that the batch is for, counted from 0 over all epochs.
  public internal(set) var step = 0
  /// Samples that could not be read and were left black and masked, in batch order.
  public internal(set) var broken: [BrokenSample] = []

  /// A sample that could not be read.
  public struct BrokenSample: Sendable, Equatable {
    public let sample: Int
    public let error: DataError
  }

  var visits: [SampleOrder.Visit] = []
  /// Errors by place in the batch, and samples still to be prepared; the loader's queue guards both.
  var errors: [DataError?]
  var remaining = 0

  private let imageMemory: Buffer<Real>
  private let heatmapMemory: Buffer<Real>
  private let maskMemory: Buffer<Real>

  init(count: Int, inputResolution: Int, joints: Int) {
    let side = inputResolution / 4
    let inputShape = Shape(n: count, h: inputResolution, w: inputResolution, c: 3)
    let heatmapShape = Shape(n: count, h: side, w: side, c: joints)
    let maskShape = Shape(n: count, h: 1, w: 1, c: joints)
    imageMemory = Buffer(count: inputShape.count)
    heatmapMemory = Buffer(count: heatmapShape.count)
    maskMemory = Buffer(count: maskShape.count)
    images = Tensor(imageMemory.pointer, inputShape)
    heatmaps = Tensor(heatmapMemory.pointer, heatmapShape)
    mask = Tensor(maskMemory.pointer, maskShape)
    errors = Array(repeating: nil, count: count)
  }
}
