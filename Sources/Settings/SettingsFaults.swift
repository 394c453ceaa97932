internal import Core

/// All faults of a configuration together.
package struct SettingsFaults: Error, Equatable {
  /// Never empty; the configuration file's first, then those of the files it names, each sorted by line.
  package var faults: [Fault]

  package struct Fault: Sendable, Hashable {
    package var path: String
    /// From 1; nil if the fault concerns the file as a whole.
    package var line: Int?
    /// `targets.lusid.batch.max_items`, `inboxes[0].name`; nil if the fault concerns the file as a whole.
    package var key: String?
    /// What is wrong and how to fix it; without secrets.
    package var message: String
    /// Where the file is named, if it is not the configuration itself: `upsertd.yaml:4: targets.t.auth.secrets_file`.
    package var namedIn: String?
  }
}

extension SettingsFaults: CustomStringConvertible {
  /// One fault per line.
  package var description: String { faults.map(\.description).joined(separator: "\n") }
}

extension SettingsFaults.Fault: CustomStringConvertible {
  /// `upsertd.yaml:12: targets.lusid.batch.max_items: must be at least 1`
  package var description: String {
    "\(path)\(line.map { ":\($0)" } ?? ""): \(key.map { "\($0): " } ?? "")\(message)\(namedIn.map { " (named in \($0))" } ?? "")"
      .onOneLine
  }
}
