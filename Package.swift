// swift-tools-version: 6.2
import PackageDescription

// The compiler flags every Swift target shares. `InternalImportsByDefault` keeps a dependency's types out of our own
// signatures; `MemberImportVisibility` makes each file name what it uses.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]

// Arrows point down: the daemon wires the pipeline (intake, dispatch, results) and the operations, which know each other
// only as far as it says here. The rows below know the domain (`Delivery`) and at most one package each.
let package = Package(
  name: "upsertd",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "upsertd", targets: ["upsertd"])],
  // Exact: the same commit gives the same program, whatever has come out since.
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
  ],
  targets: [
    .executableTarget(
      name: "upsertd",
      dependencies: [
        "APIs", "Daemon", "Delivery", "JSONText", "Operations", "Receipts", "Results", "Runtime", "Sandbox",
        "Settings", "Telemetry",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    // The service and its wiring.
    .target(
      name: "Daemon",
      dependencies: [
        "APIs", "CLinux", "Delivery", "Dispatching", "Engine", "Inbox", "Intake", "Operations", "Outbox", "Results",
        "Runtime", "Sender", "Settings", "Telemetry",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    // What operators ask for: status, queue, history, verify, doctor, orders, the admin address and its dashboard.
    .target(
      name: "Operations",
      dependencies: [
        "APIs", "Delivery", "Dispatching", "Engine", "Inbox", "Intake", "ItemFormat", "JSONText", "Metrics", "Outbox",
        "Receipts", "Results", "Runtime", "Sender", "Settings", "Telemetry",
        .product(name: "Logging", package: "swift-log"),
      ],
      // Into the program itself: a resource bundle would be a second thing to install, and to lose.
      resources: [.embedInCode("Dashboard/Page")],
      swiftSettings: strict),
    // The pipeline: three modules that do not know each other.
    .target(
      name: "Intake",
      dependencies: [
        "APIs", "Delivery", "Engine", "Inbox", "ItemFormat", "JSONText", "Outbox", "Receipts", "Runtime", "Settings",
        "Telemetry",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .target(
      name: "Dispatching",
      dependencies: [
        "APIs", "CLinux", "Delivery", "Engine", "Inbox", "ItemFormat", "JSONText", "Outbox", "Runtime", "Sender",
        "Settings", "Telemetry",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .target(
      name: "Results",
      dependencies: [
        "APIs", "Delivery", "Engine", "Inbox", "ItemFormat", "JSONText", "Outbox", "Receipts", "Runtime", "Settings",
        "Telemetry",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    // Log, metrics, and what keeps whom waiting.
    .target(
      name: "Telemetry",
      dependencies: [
        "Delivery", "Engine", "Inbox", "JSONText", "Metrics", "Receipts", "Runtime", "Settings",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    // How loops wait, stop, tell the time and call what blocks.
    .target(name: "Runtime", dependencies: ["Delivery", "Engine"], swiftSettings: strict),
    .target(
      name: "Settings", dependencies: ["Delivery", "JSONText", .product(name: "Yams", package: "Yams")],
      swiftSettings: strict),
    .target(
      name: "Inbox",
      dependencies: ["CLinux", "Delivery", "Runtime", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: strict),
    .target(name: "ItemFormat", dependencies: ["CZlib", "Delivery", "JSONText"], swiftSettings: strict),
    .target(name: "APIs", dependencies: ["Delivery", "ItemFormat", "JSONText", "Settings"], swiftSettings: strict),
    .target(name: "Engine", dependencies: ["Delivery"], swiftSettings: strict),
    .executableTarget(
      name: "upsertd-simulate", dependencies: ["Simulation"], path: "Sources/Simulate", swiftSettings: strict),
    .target(name: "Simulation", dependencies: ["Delivery", "Engine", "Outbox"], swiftSettings: strict),
    .target(
      name: "Outbox",
      dependencies: [
        "Delivery", "Engine", "Runtime", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .target(name: "Sender", dependencies: ["CurlShim", "Delivery"], swiftSettings: strict),
    .target(name: "Receipts", dependencies: ["Delivery", "JSONText"], swiftSettings: strict),
    .target(name: "Metrics", swiftSettings: strict),
    .target(name: "Delivery", swiftSettings: strict),
    .target(name: "JSONText", swiftSettings: strict),
    .target(
      name: "Sandbox",
      dependencies: [
        "APIs", "Delivery", "PromptSockets",
        .product(name: "FlyingFox", package: "FlyingFox"),
        .product(name: "FlyingSocks", package: "FlyingFox"),
      ],
      swiftSettings: strict),
    .target(
      name: "PromptSockets", dependencies: [.product(name: "FlyingSocks", package: "FlyingFox")], swiftSettings: strict),
    .target(
      name: "CurlShim", linkerSettings: [.linkedLibrary("curl")]),
    .target(name: "CLinux"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "TestKit", path: "Tests/TestKit", swiftSettings: strict),
    .target(
      name: "Fuzzing",
      dependencies: [
        "APIs", "Daemon", "Delivery", "Inbox", "Intake", "Operations", "Receipts", "Settings",
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Tests/Fuzzing", swiftSettings: strict),
    .executableTarget(
      name: "upsertd-fuzz",
      dependencies: ["Fuzzing", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Tests/upsertd-fuzz", swiftSettings: strict),
    .testTarget(name: "FuzzingTests", dependencies: ["Fuzzing"], swiftSettings: strict),
    .testTarget(name: "SandboxTests", dependencies: ["APIs", "Delivery", "Sandbox"], swiftSettings: strict),
    .testTarget(name: "InboxTests", dependencies: ["Delivery", "Inbox"], swiftSettings: strict),
    .testTarget(name: "SenderTests", dependencies: ["Sender", "TestKit"], swiftSettings: strict),
    .testTarget(name: "JSONTextTests", dependencies: ["JSONText"], swiftSettings: strict),
    .testTarget(
      name: "ItemFormatTests", dependencies: ["CZlib", "Delivery", "ItemFormat", "JSONText"], swiftSettings: strict),
    .testTarget(
      name: "APIsTests", dependencies: ["APIs", "Delivery", "ItemFormat", "JSONText", "Settings"],
      swiftSettings: strict),
    .testTarget(name: "SettingsTests", dependencies: ["APIs", "Delivery", "Settings"], swiftSettings: strict),
    .testTarget(name: "MetricsTests", dependencies: ["Metrics"], swiftSettings: strict),
    .testTarget(
      name: "DaemonTests",
      dependencies: [
        "APIs", "Daemon", "Delivery", "Operations", "Settings", "TestKit",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "OperationsTests", dependencies: ["Delivery", "Operations", "Outbox", "TestKit"],
      swiftSettings: strict),
    .testTarget(
      name: "DispatchingTests", dependencies: ["APIs", "Delivery", "Dispatching", "Engine", "ItemFormat", "JSONText"],
      swiftSettings: strict),
    .testTarget(
      name: "PipelineTests",
      dependencies: [
        "APIs", "Delivery", "Engine", "Inbox", "Intake", "Outbox", "Results", "Runtime", "Settings", "Telemetry",
        "TestKit",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "TelemetryTests",
      dependencies: [
        "Delivery", "Engine", "Inbox", "Telemetry",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "EngineTests", dependencies: ["Delivery", "Engine", "Simulation", "TestKit"], swiftSettings: strict),
    .testTarget(name: "DeliveryTests", dependencies: ["Delivery", "TestKit"], swiftSettings: strict),
    .testTarget(
      name: "OutboxTests",
      dependencies: [
        "Delivery", "Engine", "Outbox", "Runtime", "Simulation", "TestKit",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "SimulationTests", dependencies: ["Delivery", "Engine", "Simulation"], exclude: ["Regressions"],
      swiftSettings: strict),
    .testTarget(name: "ReceiptsTests", dependencies: ["Delivery", "JSONText", "Receipts"], swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests", dependencies: ["CZlib", "Delivery", "JSONText", "Sandbox", "TestKit", "upsertd"],
      swiftSettings: strict),
  ]
)
