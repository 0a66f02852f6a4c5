import PoseData

extension Configuration {
  /// What is learned from, and what a network sees of it.
  public struct Data: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
      /// Drawn figures, made up on the fly.
      case synthetic
      /// Photographs, in the form of the data set of that name; see `PhotographFiles`.
      case mpii, lsp, lspet, coco, keypoints

      /// Several sets as one: `sources`.
      case mix

      /// nil for drawn figures and for a mix.
      var format: PhotographFiles.Format? { PhotographFiles.Format(rawValue: rawValue) }
    }

    /// Required.
    public var kind = Kind.synthetic
    /// The data set's folder, or the file of its annotations; required unless `kind` is synthetic.
    public var path = ""
    /// The file of annotations, from `path`; empty for what the set's makers call it.
    public var annotations = ""
    /// The photographs' folder, likewise.
    public var images = ""
    /// MPII's boxes of heads, for PCKh over the validation samples, likewise; empty for none.
    public var headBoxes = ""
    /// Side of the square that the generator sees, in pixels: a multiple of 4. Heatmaps have a quarter of it.
    public var inputResolution = 256
    /// Width σ of a joint's Gaussian, in heatmap pixels.
    public var heatmapSigma = 1.0
    /// Values of a heatmap below this are set to 0; its peak is 1.
    public var heatmapCut = 0.0
    public var onBroken = BrokenSamplePolicy.fail
    /// How hard the synthetic figures are to see, from 0 to 1.
    public var difficulty = 0.5
    /// Side of a synthetic picture, in pixels.
    public var imageSize = 160
    /// Threads of a rank that prepare samples ahead.
    public var threads = 1
    public var split = Split()
    /// The sets of a mix.
    public var sources: [Source] = []
    public var augment = Augmentation()
  }

  /// A data set that takes part in a mix.
  public struct Source: Sendable, Equatable {
    /// Required; any but `mix`.
    public var kind = Data.Kind.synthetic
    /// As in `Data`.
    public var path = ""
    public var annotations = ""
    public var images = ""
    public var headBoxes = ""
    /// Samples to learn from, and to judge by; none where they are not given.
    public var train: SampleSelection?
    public var valid: SampleSelection?
    /// Visits that an epoch pays each of its training samples: 2 for two, 0.5 for every other one in turn.
    public var weight = 1.0
    /// Joints of the mix that the set calls otherwise: `head top=crown, upper neck=throat`.
    public var joints = ""

    /// `joints` taken apart; nil where it is not of that form.
    var renamed: [(joint: String, own: String)]? {
      var pairs: [(joint: String, own: String)] = []
      for item in joints.split(separator: ",") {
        let names = item.split(separator: "=", omittingEmptySubsequences: false).map { name in
          String(name.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        guard names.count == 2, names.allSatisfy({ !$0.isEmpty }) else { return nil }
        pairs.append((names[0], names[1]))
      }
      return pairs
    }
  }

  /// Which samples train and which validate. Both required but for a mix.
  public struct Split: Sendable, Equatable {
    public var train: SampleSelection?
    public var valid: SampleSelection?
  }
}
