import Configuration
import Glibc
import Platform
import PoseData
import RunRecord
import Supervision
import Training

/// A reader and what it is tried with.
struct Reader {
  let mutator: Mutator
  /// Reads an input, which also lies in the file named; returns whether it was accepted. Throws what readers throw.
  let read: (_ input: [UInt8], _ path: String) throws -> Bool

  /// What was accepted does not hold together.
  struct Inconsistent: Error, CustomStringConvertible {
    let description: String
  }

  /// The reader of this name; nil where there is none.
  ///
  /// - Parameters:
  ///   - root: the project's folder, for samples.
  ///   - work: a folder to write to.
  static func named(_ name: String, root: String, work: String) throws -> Reader? {
    switch name {
    case "json": json
    case "safetensors": try safetensors(work)
    case "record.json", "manifest.json", "state.safetensors": try checkpoint(work, file: name)
    case "configuration": try configuration(root)
    case "mat": try mat(root)
    case "release": try release(root)
    case "jpeg": try jpeg(root)
    case "mpii", "coco", "keypoints": annotations(PhotographFiles.Format(rawValue: name)!)
    case "detections": detections
    case "hostfile": hosts
    default: nil
    }
  }

  private static var json: Reader {
    let samples = [
      #"{"a":[1,-2.5e-3,true,false,null,"x\u00e9\n\ud83d\ude00"],"b":{"c":{}},"d":9007199254740993}"#,
      #"[[[[[]]]],0.1,1e308,-0,"\"\\\/\b\f\n\r\t"]"#,
    ]
    let words = ["{", "[", "]", "}", ",", ":", "\"", "\\u", "\\ud800", "1e999", "-", "NaN", "null", "[[[[[[[[[[[[[[[["]
    return Reader(mutator: Mutator(corpus: samples.map { Array($0.utf8) }, words: words)) { input, _ in
      let value = try JSONParser.parse(input)
      guard try JSONParser.parse(value.text).text == value.text else {
        throw Inconsistent(description: "reads another value than it wrote")
      }
      return true
    }
  }

  private static func arrays<Result>(_ body: ([NamedArray]) throws -> Result) rethrows -> Result {
    let numbers = (0..<24).map { Float($0) }
    return try numbers.withUnsafeBytes { bytes in
      try body([
        NamedArray(name: "generator.weight", type: .f32, shape: [2, 3, 4], bytes: bytes),
        NamedArray(name: "kt", type: .f64, shape: [], bytes: UnsafeRawBufferPointer(rebasing: bytes[..<8])),
        NamedArray(name: "empty", type: .i64, shape: [0, 7], bytes: UnsafeRawBufferPointer(rebasing: bytes[..<0])),
      ])
    }
  }

  private static let tensorWords = [
    "\"dtype\"", "\"shape\"", "\"data_offsets\"", "F32", "F64", "I64", "__metadata__", "9223372036854775807", "-1",
    "[0,0]",
  ]

  private static func safetensors(_ work: String) throws -> Reader {
    let sample = "\(work)/sample.safetensors"
    unlink(sample)
    try arrays { _ = try Safetensors.write($0, metadata: [("format", "1")], to: sample) }
    return Reader(mutator: Mutator(corpus: [try bytes(of: sample)], words: tensorWords)) { input, path in
      let file = try SafetensorsFile(path)
      var total = 0
      for entry in file.entries {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: entry.range.count, alignment: 64)
        defer { memory.deallocate() }
        try file.read(entry, into: memory)
        total += entry.range.count
      }
      guard total < input.count else { throw Inconsistent(description: "tensors of \(total) bytes in \(input.count)") }
      return true
    }
  }

  /// One of a checkpoint's files is another.
  private static func checkpoint(_ work: String, file: String) throws -> Reader {
    let store = CheckpointStore(runDirectory: "\(work)/run")
    let record = CheckpointRecord(
      step: 7, epoch: 0, seed: 3, configDigest: "c", datasetDigest: "d", worldSize: 2, kernels: "v3", metric: 0.5,
      skippedSteps: 0, written: "2025-01-31T12:00:00Z")
    let directory = try arrays { try store.save(state: $0, config: "run: {}\n", record: record, keep: 1) }
    let target = "\(directory)/\(file)"
    let good = try bytes(of: target)
    let words =
      tensorWords + ["\"step\"", "\"sha256\"", "\"bytes\"", "\"format\"", "2", "null", "1e999", "../../etc/passwd"]
    return Reader(mutator: Mutator(corpus: [good], words: words)) { input, path in
      unlink(target)
      guard link(path, target) == 0 else { throw Inconsistent(description: "cannot put \(target) in place") }
      let checkpoint = try Checkpoint(directory: directory)
      // Every file but the manifest is known by its digest.
      guard input == good || file == "manifest.json" else {
        throw Inconsistent(description: "a changed \(file) passes as good")
      }
      return checkpoint.step == 7
    }
  }

  private static func configuration(_ root: String) throws -> Reader {
    let samples = try ["debug", "lspet", "quickstart", "paper"].map { try bytes(of: "\(root)/configs/\($0).yaml") }
    let words = [
      "&a ", "*a", "!!binary ", "- ", ": ", "\n  ", "{", "[", "<<: *a", "1e999", ".nan", "-1", "|\n", "\t", "\u{85}",
      "? ",
      "data:\n", "seed: 18446744073709551616\n", "\"", "'", "%YAML 9\n", "---\n",
    ]
    return Reader(mutator: Mutator(corpus: samples, words: words)) { input, _ in
      let configuration = try Configuration.parse(String(decoding: input, as: UTF8.self), file: "fuzz.yaml")
      guard try Configuration.parse(configuration.yaml(), file: "again.yaml") == configuration else {
        throw Inconsistent(description: "reads another configuration than it wrote")
      }
      return true
    }
  }

  private static func mat(_ root: String) throws -> Reader {
    let folder = "\(root)/Tests/PoseDataTests/Fixtures"
    let names = ["joints", "joints-compressed", "joints-single", "joints-complex", "joints-matrix", "joints-flag"]
    let samples = try names.map { try bytes(of: "\(folder)/\($0).mat") }
    return Reader(mutator: Mutator(corpus: samples, words: ["joints", "MATLAB 5.0", "\u{0}\u{1}IM"])) {
      _, path in
      let array = try MatFile.read(path, variable: "joints", maximumCount: 1 << 20)
      guard array.values.count == array.extents.reduce(1, *) else {
        throw Inconsistent(description: "\(array.values.count) values for \(array.extents)")
      }
      return true
    }
  }

  private static func release(_ root: String) throws -> Reader {
    let folder = "\(root)/Tests/PoseDataTests/Fixtures"
    let samples = try ["release", "release-deflated"].map { try bytes(of: "\(folder)/\($0).mat") }
    let words = ["RELEASE", "annolist", "is_visible", "\u{e}\u{0}\u{0}\u{0}", "\u{2}\u{0}\u{0}\u{0}"]
    return Reader(mutator: Mutator(corpus: samples, words: words)) { _, path in
      // A name of this kind is what tells the form.
      let file = "\(path).mat"
      unlink(file)
      guard link(path, file) == 0 else { throw Inconsistent(description: "cannot put \(file) in place") }
      defer { unlink(file) }
      return try holdsTogether(PhotographFiles(.mpii, path: file).open())
    }
  }

  private static func jpeg(_ root: String) throws -> Reader {
    var image = [UInt8](repeating: 0, count: 48 * 40 * 3)
    for index in image.indices { image[index] = UInt8(truncatingIfNeeded: index * index / 97) }
    let colour = try JPEGEncoder.encode(RGBImage(width: 48, height: 40, bytes: image), quality: 80, name: "sample")
    let folder = "\(root)/Tests/PoseDataTests/Fixtures"
    let samples = try [colour, bytes(of: "\(folder)/grey.jpg"), bytes(of: "\(folder)/cmyk.jpg")]
    return Reader(mutator: Mutator(corpus: samples)) { input, _ in
      // A crop somewhere, of some size; small ones of large pictures are reduced.
      let (x, y) = (Double(input.count % 53), Double(input.count % 37))
      let crop = CropTransform(
        centerX: x, centerY: y, side: Double(1 + input.count % 131), inputResolution: 4 + 4 * (input.count % 5))
      let part = try PhotographDecoder.decode(input, name: "fuzz.jpg", for: crop)
      let image = part.image
      guard image.bytes.count == 3 * image.width * image.height, image.width <= part.width, image.height <= part.height
      else { throw Inconsistent(description: "\(image.width)×\(image.height) of \(part.width)×\(part.height)") }
      return true
    }
  }

  private static func annotations(_ format: PhotographFiles.Format) -> Reader {
    let row = { (flag: String, count: Int) in Array(repeating: "[12.5,40\(flag)]", count: count).joined(separator: ",")
    }
    let samples =
      switch format {
      case .mpii:
        [
          #"[{"img_paths":"a.jpg","isValidation":0.0,"objpos":[5.0,4.0],"scale_provided":2.5,"joint_self":[\#(row(",1", 16))]}]"#,
          #"[{"image":"a.jpg","center":[5,4],"scale":2.5,"joints":[\#(row("", 16))],"joints_vis":[1,0,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}]"#,
        ]
      case .coco:
        [
          #"{"images":[{"id":7,"file_name":"a.jpg"}],"annotations":[{"id":1,"image_id":7,"bbox":[1,2,3.5,4],"iscrowd":0,"keypoints":["#
            + Array(repeating: "3,4,2", count: 17).joined(separator: ",") + "]}]}"
        ]
      default:
        [
          #"{"skeleton":{"joints":["a","b"],"flip_pairs":[[0,1]],"limbs":[[0,1]],"torso":[0,1],"sigmas":[0.1,1]},"samples":[{"image":"a.jpg","#
            + #""joints":[[1,2,2],[3,4,1]],"center":[2,3],"side":9},{"image":"b.jpg","joints":[[1,2,2],[3,4,1]],"box":[1,2,3,4]}],"#
            + #""train":[0],"valid":[1]}"#
        ]
      }
    let words = [
      "null", "-1", "1e999", "1e308", "NaN", "[]", "{}", "\"", "../", "\\u0000", "9223372036854775808", "[[[[[[[[",
      "true",
    ]
    return Reader(mutator: Mutator(corpus: samples.map { Array($0.utf8) }, words: words)) { _, path in
      try holdsTogether(PhotographFiles(format, path: path).open())
    }
  }

  private static var detections: Reader {
    let sample =
      #"[{"image_id":7,"category_id":1,"bbox":[1,2,3.5,4],"score":0.9},{"image_id":8,"category_id":2,"bbox":[],"score":-1}]"#
    let words = ["null", "-1", "1e999", "1e308", "NaN", "[]", "{}", "\"", "9223372036854775808", "[[[[[[[[", "true"]
    return Reader(mutator: Mutator(corpus: [Array(sample.utf8)], words: words)) { _, path in
      for person in try DetectedPerson.read(path, minScore: 0.5)
      where !(person.square.side > 0 && person.square.side.isFinite && person.score >= 0.5) {
        throw Inconsistent(description: "detection \(person.number) is \(person)")
      }
      return true
    }
  }

  private static func holdsTogether(_ set: PhotographDataset) throws -> Bool {
    for index in 0..<set.count {
      // Without a photograph, a square that only it could tell is an error of its own.
      guard let annotation = try? set.annotation(index) else { continue }
      guard annotation.side > 0, annotation.side.isFinite, annotation.joints.count == set.skeleton.jointCount,
        annotation.joints.allSatisfy({ $0.x.isFinite && $0.y.isFinite })
      else { throw Inconsistent(description: "sample \(index) is \(annotation)") }
    }
    return true
  }

  private static var hosts: Reader {
    let sample = Array("# rack\nnode1 slots=4\nnode2\n10.0.0.3 slots=16 # last\n".utf8)
    let words = ["slots=", "=", "#", "\n", "-x", "slots=99999999999999999999", "\u{0}"]
    return Reader(mutator: Mutator(corpus: [sample], words: words)) { input, _ in
      let list = try HostList(text: String(decoding: input, as: UTF8.self), file: "hosts")
      return !list.hosts.isEmpty
    }
  }

  private static func bytes(of path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { throw Inconsistent(description: "\(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var status = stat()
    fstat(descriptor, &status)
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    guard Glibc.read(descriptor, &bytes, bytes.count) == bytes.count else {
      throw Inconsistent(description: "\(path) cannot be read")
    }
    return bytes
  }
}
