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
// only as far as it says here. The rows below know at most one package each.
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
        "APIs", "Core", "Daemon", "Inspection", "JSONText", "Notifying", "Operations", "Receipts", "Results", "Runtime",
        "Sandbox",
        "Settings", "Telemetry",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    // The service and its wiring.
    .target(
      name: "Daemon",
      dependencies: [
        "APIs", "CLinux", "Core", "Dispatching", "Engine", "HTTPClient", "Intake", "Notifying", "Operations", "Outbox",
        "Results", "Runtime", "Settings", "Spool", "Telemetry",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    // What operators ask for: status, queue, history, verify, doctor, orders, the admin address and its dashboard.
    .target(
      name: "Operations",
      dependencies: [
        "APIs", "Calendar", "Core", "Dispatching", "Engine", "Formats", "HTTPClient", "Intake", "JSONText", "Metrics",
        "Outbox",
        "Receipts", "Results", "Runtime", "Settings", "Spool", "Telemetry",
        .product(name: "Logging", package: "swift-log"),
      ],
      // Into the program itself: a resource bundle would be a second thing to install, and to lose.
      resources: [.embedInCode("Dashboard/Page")],
      swiftSettings: strict),
    // What an unknown file looks like, and a route and a mapping for it.
    .target(
      name: "Inspection", dependencies: ["APIs", "Core", "Formats", "JSONText", "Settings"], swiftSettings: strict),
    // The pipeline: three modules that do not know each other.
    .target(
      name: "Intake",
      dependencies: [
        "APIs", "Calendar", "Core", "Engine", "Formats", "JSONText", "Outbox", "Receipts", "Runtime", "Settings",
        "Spool",
        "Telemetry",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .target(
      name: "Dispatching",
      dependencies: [
        "APIs", "CLinux", "Core", "Engine", "Formats", "HTTPClient", "JSONText", "Outbox", "Runtime", "Settings",
        "Spool", "Telemetry",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .target(
      name: "Results",
      dependencies: [
        "APIs", "Core", "Engine", "Formats", "JSONText", "Outbox", "Receipts", "Runtime", "Settings", "Spool",
        "Telemetry",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    // Tells people and other programs what happens; nothing waits for it.
    .target(
      name: "Notifying",
      dependencies: [
        "Core", "Engine", "HTTPClient", "JSONText", "Outbox", "Runtime", "Settings", "Spool", "Telemetry",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    // Log, metrics, and what keeps whom waiting.
    .target(
      name: "Telemetry",
      dependencies: [
        "Core", "Engine", "JSONText", "Metrics", "Receipts", "Runtime", "Settings", "Spool",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    // How loops wait, stop, tell the time and call what blocks.
    .target(name: "Runtime", dependencies: ["Core", "Engine"], swiftSettings: strict),
    .target(
      name: "Settings",
      dependencies: ["Calendar", "Core", "Formats", "JSONText", .product(name: "Yams", package: "Yams")],
      swiftSettings: strict),
    .target(
      name: "Spool",
      dependencies: ["CLinux", "Core", "Runtime", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: strict),
    .target(name: "Formats", dependencies: ["Calendar", "Core", "CZlib", "JSONText"], swiftSettings: strict),
    .target(name: "APIs", dependencies: ["Core", "Formats", "JSONText", "Settings"], swiftSettings: strict),
    .target(name: "Engine", dependencies: ["Calendar", "Core"], swiftSettings: strict),
    .executableTarget(
      name: "upsertd-simulate", dependencies: ["Simulation"], path: "Sources/Simulate", swiftSettings: strict),
    .target(name: "Simulation", dependencies: ["Core", "Engine", "Outbox"], swiftSettings: strict),
    .target(
      name: "Outbox",
      dependencies: [
        "Core", "Engine", "LibpqShim", "Runtime", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .target(name: "HTTPClient", dependencies: ["Core", "CurlShim"], swiftSettings: strict),
    .target(name: "Receipts", dependencies: ["Core", "JSONText"], swiftSettings: strict),
    .target(name: "Metrics", swiftSettings: strict),
    // Time zones, days of the week, daily windows.
    .target(name: "Calendar", dependencies: ["Core"], swiftSettings: strict),
    .target(name: "Core", swiftSettings: strict),
    .target(name: "JSONText", swiftSettings: strict),
    .target(
      name: "Sandbox",
      dependencies: [
        "APIs", "Core", "PromptSockets",
        .product(name: "FlyingFox", package: "FlyingFox"),
        .product(name: "FlyingSocks", package: "FlyingFox"),
      ],
      swiftSettings: strict),
    .target(
      name: "PromptSockets", dependencies: [.product(name: "FlyingSocks", package: "FlyingFox")], swiftSettings: strict),
    .target(
      name: "CurlShim", linkerSettings: [.linkedLibrary("curl")]),
    .target(name: "CLinux"),
    // It loads libpq when it is needed: nothing is linked.
    .target(name: "LibpqShim"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "TestKit", path: "Tests/TestKit", swiftSettings: strict),
    .target(
      name: "Fuzzing",
      dependencies: [
        "APIs", "Core", "Daemon", "Formats", "Inspection", "Intake", "JSONText", "Operations", "Receipts", "Settings",
        "Spool", "TestKit",
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Tests/Fuzzing", swiftSettings: strict),
    .executableTarget(
      name: "upsertd-fuzz",
      dependencies: ["Fuzzing", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Tests/upsertd-fuzz", swiftSettings: strict),
    .testTarget(name: "FuzzingTests", dependencies: ["Fuzzing"], swiftSettings: strict),
    .testTarget(name: "SandboxTests", dependencies: ["APIs", "Core", "Sandbox"], swiftSettings: strict),
    .testTarget(name: "SpoolTests", dependencies: ["CLinux", "Core", "Spool"], swiftSettings: strict),
    .testTarget(name: "HTTPClientTests", dependencies: ["HTTPClient", "TestKit"], swiftSettings: strict),
    .testTarget(name: "JSONTextTests", dependencies: ["JSONText", "TestKit"], swiftSettings: strict),
    .testTarget(
      name: "FormatsTests", dependencies: ["Core", "CZlib", "Formats", "JSONText", "TestKit"], swiftSettings: strict),
    .testTarget(
      name: "APIsTests", dependencies: ["APIs", "Core", "Formats", "JSONText", "Settings"],
      swiftSettings: strict),
    .testTarget(
      name: "SettingsTests", dependencies: ["APIs", "Calendar", "Core", "Formats", "Settings"], swiftSettings: strict),
    .testTarget(
      name: "InspectionTests",
      dependencies: [
        "APIs", "Core", "Formats", "Inspection", "JSONText", "Settings", "TestKit",
        .product(name: "Yams", package: "Yams"),
      ],
      exclude: ["Files"], swiftSettings: strict),
    .testTarget(name: "MetricsTests", dependencies: ["Metrics"], swiftSettings: strict),
    .testTarget(
      name: "DaemonTests",
      dependencies: [
        "APIs", "Core", "Daemon", "Operations", "Settings", "TestKit",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "OperationsTests",
      dependencies: [
        "APIs", "Core", "Engine", "JSONText", "Operations", "Outbox", "Receipts", "Results", "Settings", "Spool",
        "Telemetry",
        "TestKit",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "DispatchingTests", dependencies: ["APIs", "Core", "Dispatching", "Engine", "Formats", "JSONText"],
      swiftSettings: strict),
    .testTarget(
      name: "PipelineTests",
      dependencies: [
        "APIs", "Core", "Engine", "Intake", "Outbox", "Results", "Runtime", "Settings", "Spool", "Telemetry",
        "TestKit",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "NotifyingTests",
      dependencies: ["Core", "Engine", "HTTPClient", "Notifying", "Outbox", "Settings", "TestKit"],
      swiftSettings: strict),
    .testTarget(
      name: "TelemetryTests",
      dependencies: [
        "Core", "Engine", "Spool", "Telemetry",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "EngineTests", dependencies: ["Calendar", "Core", "Engine", "Simulation", "TestKit"],
      swiftSettings: strict),
    .testTarget(name: "CalendarTests", dependencies: ["Calendar", "Core", "TestKit"], swiftSettings: strict),
    .testTarget(name: "CoreTests", dependencies: ["Core", "TestKit"], swiftSettings: strict),
    .testTarget(
      name: "OutboxTests",
      dependencies: [
        "Calendar", "Core", "Engine", "Outbox", "Runtime", "Simulation", "TestKit",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "SimulationTests", dependencies: ["Core", "Engine", "Simulation"], exclude: ["Regressions"],
      swiftSettings: strict),
    .testTarget(name: "ReceiptsTests", dependencies: ["Core", "JSONText", "Receipts"], swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests", dependencies: ["Core", "CZlib", "JSONText", "Sandbox", "TestKit", "upsertd"],
      swiftSettings: strict),
  ]
)
