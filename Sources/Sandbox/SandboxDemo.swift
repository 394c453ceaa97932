package import Delivery

/// What `upsertd demo` needs of one API.
package struct SandboxDemo: Sendable {
  package let api: APIKind
  package let title: String
  /// The inbox of its files.
  package let inbox: String
  /// A member of the configuration's `targets`, without indentation.
  package let target: @Sendable (SandboxAddresses) -> String
  /// An element of the configuration's `inboxes`, without indentation.
  package let inboxSettings: String
  /// Files beside the configuration, by name.
  package var companions: [String: String] = [:]
  /// Texts in the sample files that must arrive as they are.
  package let spellings: [String]

  /// One for each API that the sandbox plays.
  package static let all = SandboxAPIs.all.map(\.demo)
}
