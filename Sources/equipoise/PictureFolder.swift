import Foundation
import PoseData

/// Where `--out` puts what is drawn of images: under the images' names.
struct PictureFolder {
  private let path: String

  /// Makes the folder where it is not there. Two images of one name would lie in each other's place: they are refused.
  init(_ path: String, for images: [String]) throws {
    var seen: [String: String] = [:]
    for image in images {
      if let other = seen.updateValue(image, forKey: Self.name(image)), other != image {
        throw UsageError("--out: the pictures of \(other) and \(image) would have one name")
      }
    }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    self.path = path
  }

  /// Writes `picture` as the image's own, or with `suffix` behind its name.
  func write(_ picture: RGBImage, of image: String, suffix: String = "") throws {
    try PNGWriter.write(picture, to: "\(path)/\(Self.name(image))\(suffix).png")
  }

  private static func name(_ image: String) -> String {
    URL(fileURLWithPath: image).deletingPathExtension().lastPathComponent
  }
}
