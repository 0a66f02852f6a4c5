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
// (launch/check-imports fails on anything else).
let package = Package(
  name: "equipoise",
  products: [
    .executable(name: "equipoise", targets: ["equipoise"]),
    .library(name: "allocation-count", type: .dynamic, targets: ["AllocationCount"]),
    .library(name: "file-system-limits", type: .dynamic, targets: ["FileSystemLimits"]),
    .library(name: "save-faults", type: .dynamic, targets: ["SaveFaults"]),
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
    library("Platform", ["COpenSSL"]),
    .target(name: "CKernels", cSettings: strictC),
    .target(name: "CJPEG", cSettings: strictC, linkerSettings: [.linkedLibrary("jpeg")]),
    library("Tensors", ["Platform", "CKernels"]),
    library("Kernels", ["Tensors", "CKernels"]),
    library("Layers", ["Kernels", "Tensors"]),
    library("PoseModels", ["Layers", "Kernels", "Tensors"]),
    library("Objectives", ["Kernels", "Tensors"]),
    library("Optimizers", ["Kernels", "Tensors"]),
    library("Communication", ["Tensors", "Platform", "CMPI"]),
    library("DataParallel", ["Communication", "Tensors", "Platform"]),
    library("PoseData", ["Tensors", "Platform", "CJPEG", "CKernels", "CMatio", "CPNG"]),
    library("SyntheticPoses", ["PoseData", "Tensors"]),
    library("Metrics", ["PoseData"]),
    library("RunRecord", ["Tensors", "Platform"]),
    library(
      "Configuration",
      [
        "SyntheticPoses", "PoseData", "DataParallel", "Optimizers", "Objectives", "PoseModels", "Kernels", "Platform",
        yams,
      ]),
    library(
      "Estimation",
      [
        "Configuration", "RunRecord", "Metrics", "PoseData", "Communication", "PoseModels", "Layers", "Kernels",
        "Tensors", "Platform",
      ]),
    library(
      "Training",
      [
        "Estimation", "Configuration", "RunRecord", "Metrics", "PoseData", "DataParallel", "Communication",
        "Optimizers", "Objectives", "PoseModels", "Layers", "Kernels", "Tensors", "Platform",
      ]),
    library("Reporting", ["Training", "RunRecord", "Platform"]),
    library(
      "Benchmarks",
      [
        "Training", "Estimation", "Configuration", "PoseData", "DataParallel", "Communication", "PoseModels",
        "Kernels", "Tensors", "Platform", "CKernels", "COpenBLAS",
      ]),
    library("Supervision", ["Configuration", "RunRecord", "Tensors", "Platform"]),
    .plugin(name: "Commit", capability: .buildTool()),
    .target(name: "Version", swiftSettings: strict, plugins: ["Commit"]),
    .executableTarget(
      name: "equipoise",
      dependencies: [
        "Version", "Supervision", "Benchmarks", "Reporting", "Training", "Estimation", "Configuration", "RunRecord",
        "Metrics", "PoseData", "Communication", "Kernels", "Tensors", "Platform", arguments,
      ],
      swiftSettings: strict),
    .target(
      name: "TestSupport", dependencies: ["RunRecord", "Kernels", "Tensors", "Platform"], path: "Tests/TestSupport",
      swiftSettings: strict),
    tests("PlatformTests", ["Platform"]),
    tests("TensorsTests", ["Tensors"]),
    tests("KernelsTests", ["TestSupport", "Kernels", "Tensors"]),
    tests(
      "LayersTests",
      [
        "TestSupport", "RunRecord", "Optimizers", "Objectives", "PoseModels", "Layers", "Kernels", "Tensors",
      ]),
    tests("RunRecordTests", ["RunRecord", "Platform"]),
    tests("ConfigurationTests", ["Training", "Configuration", "DataParallel"]),
    tests("CommunicationTests", ["Communication", "Tensors", "Platform"]),
    tests("DataParallelTests", ["DataParallel", "Communication", "Tensors", "Platform"]),
    tests(
      "PoseDataTests",
      [
        "Training", "SyntheticPoses", "PoseData", "Tensors", "Platform", "CKernels", "CPNG",
      ], exclude: ["Fixtures"]),
    tests("SyntheticPosesTests", ["SyntheticPoses", "PoseData"]),
    tests("MetricsTests", ["RunRecord", "Metrics", "PoseData", "Tensors", "Platform"], exclude: ["Fixtures"]),
    tests(
      "EstimationTests",
      [
        "Training", "Estimation", "Configuration", "RunRecord", "SyntheticPoses", "PoseData", "DataParallel",
        "Communication", "Kernels", "Tensors",
      ]),
    tests("CommandLineTests", ["equipoise", "Training", "Communication", "Kernels", "Platform"]),
    tests(
      "TrainingTests",
      [
        "TestSupport", "Training", "Configuration", "RunRecord", "DataParallel", "Communication", "Optimizers",
        "Objectives", "PoseModels", "Kernels", "Tensors", "Platform",
      ]),
    tests("BenchmarksTests", ["Benchmarks", "RunRecord", "Platform"]),
    tests("SupervisionTests", ["Supervision"]),
    .target(name: "AllocationCount", path: "Tests/AllocationCount", cSettings: interposedC),
    .target(name: "FileSystemLimits", path: "Tests/FileSystemLimits", cSettings: interposedC),
    .target(name: "SaveFaults", path: "Tests/SaveFaults", cSettings: interposedC),
    .executableTarget(
      name: "fuzz-readers",
      dependencies: [
        "Supervision", "Training", "Configuration", "RunRecord", "PoseData", "Tensors", "Platform",
      ],
      path: "Tests/FuzzReaders", swiftSettings: strict),
    .executableTarget(
      name: "mpi-tests", dependencies: ["DataParallel", "Communication", "Tensors"], path: "Tests/MPIProgram",
      swiftSettings: strict),
  ],
  cLanguageStandard: .c17
)
