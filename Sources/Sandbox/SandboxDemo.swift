package import Core

/// The parts of `upsertd demo` that one API provides.
package struct SandboxDemo: Sendable {
  package let api: APIKind
  package let title: String
  /// The inbox for its files.
  package let inbox: String
  /// A member of the configuration's `targets`, without indentation.
  package let target: @Sendable (SandboxAddresses) -> String
  /// An element of the configuration's `inboxes`, without indentation.
  package let inboxSettings: String
  /// Files next to the configuration, by name.
  package var companions: [String: String] = [:]
  /// Texts in the sample files that must arrive unchanged.
  package let spellings: [String]

  /// One for each API that the sandbox simulates.
  package static let all = SandboxAPIs.all.map(\.demo)
}
