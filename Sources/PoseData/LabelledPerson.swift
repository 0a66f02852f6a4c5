/// One person of a photograph, as a data set's files describe them.
public struct LabelledPerson: Sendable, Equatable {
  /// The photograph's file.
  public var photograph: String
  /// What an error message calls the sample.
  public var name: String
  public var joints: [PoseAnnotation.Joint]
  /// What to crop, where the files say it.
  public var square: PoseAnnotation.Square?
  public var details: PersonDetails

  public init(
    photograph: String, name: String, joints: [PoseAnnotation.Joint], square: PoseAnnotation.Square? = nil,
    details: PersonDetails = PersonDetails()
  ) {
    self.photograph = photograph
    self.name = name
    self.joints = joints
    self.square = square
    self.details = details
  }
}

/// What a set says of a person beside joints and square, for its own figures.
public struct PersonDetails: Sendable, Equatable {
  /// The head's size in pixels, by which PCKh is normalised.
  public var headSize: Double?
  /// Of the person's outline, in pixels², by which OKS is normalised.
  public var area: Double?
  /// Left, top, width and height of the person's box.
  public var box: [Double]?
  /// How sure a detector is of the box; nil where it is a label.
  public var boxScore: Double?
  /// The photograph's number in the set.
  public var imageID: Int?
  /// A group that nobody need be told apart in.
  public var isCrowd = false

  public init() {}
}
