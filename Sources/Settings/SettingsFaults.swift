internal import Delivery

/// All that is wrong with a configuration, in one go.
package struct SettingsFaults: Error, Equatable {
  /// Never empty; the configuration file's first, then those of the files it names, each by line.
  package var faults: [Fault]

  package struct Fault: Sendable, Hashable {
    package var path: String
    /// From 1; nil where the file as a whole is meant.
    package var line: Int?
    /// `targets.lusid.batch.max_items`, `inboxes[0].name`; nil where the file as a whole is meant.
    package var key: String?
    /// What is wrong and what to do; without secrets.
    package var message: String
  }
}

extension SettingsFaults: CustomStringConvertible {
  /// One fault a line.
  package var description: String { faults.map(\.description).joined(separator: "\n") }
}

extension SettingsFaults.Fault: CustomStringConvertible {
  /// `upsertd.yaml:12: targets.lusid.batch.max_items: must be at least 1`
  package var description: String {
    "\(path)\(line.map { ":\($0)" } ?? ""): \(key.map { "\($0): " } ?? "")\(message)".onOneLine
  }
}
