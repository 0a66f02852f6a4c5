/// One person of a photograph, as a data set's files describe them.
public struct LabelledPerson: Sendable, Equatable {
  /// The photograph's file.
  public var photograph: String
  /// What an error message calls the sample.
  public var name: String
  public var joints: [PoseAnnotation.Joint]
  /// What to crop, where the files say it.
  public var square: PoseAnnotation.Square?

  public init(
    photograph: String, name: String, joints: [PoseAnnotation.Joint], square: PoseAnnotation.Square? = nil
  ) {
    self.photograph = photograph
    self.name = name
    self.joints = joints
    self.square = square
  }
}
