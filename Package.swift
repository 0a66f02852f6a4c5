// swift-tools-version: 6.2
import PackageDescription

/// EQUIPOISE_PRECISION=double builds the engine in Double, to check its backward passes (Sources/Tensors/Real.swift).
let double = Context.environment["EQUIPOISE_PRECISION"] == "double"

/// Every target of ours is built in Swift 6 mode, its warnings errors.
let strict: [SwiftSetting] =
  [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
  + (double ? [.define("EQUIPOISE_DOUBLE"), .unsafeFlags(["-Xcc", "-DEQUIPOISE_DOUBLE"])] : [])
let strictC: [CSetting] =
  [.unsafeFlags(["-O3", "-std=c17", "-Wall", "-Wextra", "-Werror"])] + (double ? [.define("EQUIPOISE_DOUBLE")] : [])

/// For libraries that are put in front of the C library (LD_PRELOAD).
let interposedC: [CSetting] = [.unsafeFlags(["-O3", "-std=gnu17", "-Wall", "-Wextra", "-Werror"])]

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

// The order below is the order of the floors: a target imports only targets above it in this list
// (Tests/System/check-imports fails on anything else).
let package = Package(
  name: "equipoise",
  products: [
    .executable(name: "equipoise", targets: ["equipoise"]),
    .library(name: "allocation-count", type: .dynamic, targets: ["AllocationCount"]),
    .library(name: "save-faults", type: .dynamic, targets: ["SaveFaults"]),
    .library(name: "stalled-server", type: .dynamic, targets: ["StalledServer"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(name: "COpenBLAS", providers: [.apt(["libopenblas0-pthread"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CMatio", pkgConfig: "matio", providers: [.apt(["libmatio-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CKernels", cSettings: strictC),
    .target(name: "CJPEG", cSettings: strictC, linkerSettings: [.linkedLibrary("jpeg")]),
    library("Tensors", ["CKernels"]),
    library("Kernels", ["Tensors", "CKernels", "COpenBLAS"]),
    library("Layers", ["Kernels", "Tensors"]),
    library("PoseModels", ["Layers", "Kernels", "Tensors"]),
    library("Objectives", ["Kernels", "Tensors"]),
    library("Optimizers", ["Kernels", "Tensors"]),
    library("Communication", ["CMPI", "Tensors"]),
    library("DataParallel", ["Communication", "Tensors"]),
    library("PoseData", ["Tensors", "CKernels", "CJPEG", "CPNG", "CMatio"]),
    library("Metrics", ["PoseData", "Tensors"]),
    library("RunRecord", ["Tensors", "COpenSSL"]),
    library(
      "Training",
      [
        "RunRecord", "Metrics", "PoseData", "DataParallel", "Communication", "Optimizers", "Objectives",
        "PoseModels", "Layers", "Kernels", "Tensors", yams,
      ]),
    library("Scaling", ["RunRecord", "DataParallel", "Tensors"]),
    library("Launching", ["Training", "RunRecord", "Tensors"]),
    .executableTarget(
      name: "equipoise",
      dependencies: [
        "Launching", "Scaling", "Training", "RunRecord", "Metrics", "PoseData", "Communication", "Kernels", "Tensors",
        arguments,
      ],
      swiftSettings: strict),
    .target(
      name: "TestSupport", dependencies: ["RunRecord", "Kernels", "Tensors"], path: "Tests/TestSupport",
      swiftSettings: strict),
    tests("TensorsTests", ["Tensors"]),
    tests("KernelsTests", ["Kernels", "Tensors", "TestSupport"]),
    tests(
      "LayersTests",
      ["Optimizers", "Objectives", "PoseModels", "Layers", "Kernels", "RunRecord", "Tensors", "TestSupport"]),
    tests("RunRecordTests", ["RunRecord"]),
    tests("ConfigurationTests", ["Training", "RunRecord"]),
    tests("CommunicationTests", ["Communication", "Tensors"]),
    tests("DataParallelTests", ["DataParallel", "Communication", "Tensors"]),
    tests("PoseDataTests", ["PoseData", "Tensors", "CPNG", "CKernels"], exclude: ["Fixtures"]),
    tests("SyntheticTests", ["PoseData", "Tensors"]),
    tests("MetricsTests", ["Metrics", "PoseData", "RunRecord"], exclude: ["Fixtures"]),
    tests("TrainingTests", ["Training", "PoseData", "RunRecord", "Metrics", "TestSupport"]),
    tests("ScalingTests", ["Scaling", "RunRecord", "DataParallel"]),
    tests("LaunchingTests", ["Launching"]),
    .target(name: "AllocationCount", path: "Tests/AllocationCount", cSettings: interposedC),
    .target(name: "SaveFaults", path: "Tests/SaveFaults", cSettings: interposedC),
    .target(name: "StalledServer", path: "Tests/StalledServer", cSettings: interposedC),
    .executableTarget(
      name: "fuzz-readers", dependencies: ["Launching", "Training", "RunRecord", "PoseData", "Tensors"],
      path: "Tests/FuzzReaders", swiftSettings: strict),
    .executableTarget(
      name: "mpi-tests", dependencies: ["DataParallel", "Communication", "Tensors"], path: "Tests/MPIProgram",
      swiftSettings: strict),
  ],
  cLanguageStandard: .c17
)
