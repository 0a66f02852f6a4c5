import Foundation
import Platform
import PoseData

/// Where `--out` puts what is drawn of images: under the images' names.
struct PictureFolder {
  private let path: String
  private let images: Set<String>

  /// Makes the folder where it is not there. Two images of one name would lie in each other's place: they are refused.
  init(_ path: String, for images: [String]) throws {
    var seen: [String: String] = [:]
    for image in images {
      if let other = seen.updateValue(image, forKey: Self.name(image)), other != image {
        throw UsageError("--out: the pictures of \(other) and \(image) would have one name")
      }
    }
    try FileSystem.requireWritable(directory: path)
    self.path = path
    self.images = Set(images.map(Self.place))
    // Before anything is computed.
    for image in images { _ = try file(of: image, suffix: "") }
  }

  /// Writes `picture` as the image's own, or with `suffix` behind its name.
  func write(_ picture: RGBImage, of image: String, suffix: String = "") throws {
    try PNGWriter.write(picture, to: file(of: image, suffix: suffix))
  }

  private func file(of image: String, suffix: String) throws -> String {
    let file = "\(path)/\(Self.name(image))\(suffix).png"
    guard !images.contains(Self.place(file)) else {
      throw UsageError("--out: a picture of \(image) would take the place of \(file), which is to be looked at")
    }
    return file
  }

  private static func name(_ image: String) -> String {
    URL(fileURLWithPath: image).deletingPathExtension().lastPathComponent
  }

  /// A file's one path, whatever links lead to it.
  private static func place(_ file: String) -> String { URL(fileURLWithPath: file).resolvingSymlinksInPath().path }
}
