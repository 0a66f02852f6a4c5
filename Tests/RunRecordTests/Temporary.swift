import Foundation
import RunRecord

/// A folder of a test's own, removed with it.
final class Temporary {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "runrecord-\(UUID().uuidString)"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
  }

  func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: file(name))))
  }

  func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

  func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: file(folder)).sorted()
  }
}

/// A small training state that tests can change.
struct State {
  var weights: [Float] = [1.5, -0.0, 3.25e-30, 7, 8, 9]
  var moments: [Double] = [0.1, 0.2]
  var kt = 0.25
  var step: Int64 = 3

  func with<R>(_ body: ([NamedArray]) throws -> R) rethrows -> R {
    try weights.withUnsafeBytes { weights in
      try moments.withUnsafeBytes { moments in
        try withUnsafeBytes(of: kt) { kt in
          try withUnsafeBytes(of: step) { step in
            try body([
              NamedArray(name: "generator.stem.weight", type: .f32, shape: [2, 3], bytes: weights),
              NamedArray(name: "discriminator.é \"quoted\"", type: .f64, shape: [2], bytes: moments),
              NamedArray(name: "k_t", type: .f64, shape: [], bytes: kt),
              NamedArray(name: "step", type: .i64, shape: [], bytes: step),
            ])
          }
        }
      }
    }
  }

  var fingerprint: String { with { Fingerprint.of($0) } }

  func write(to path: String) throws {
    _ = try with { try Safetensors.write($0, metadata: [("format", "equipoise")], to: path) }
  }
}
