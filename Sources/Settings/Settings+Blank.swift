internal import Yams

extension Settings {
  /// Whether the configuration is still blank: it names neither targets nor inboxes, like the one that a package
  /// installs.
  ///
  /// False for a file that can't be read or has any other fault: `load` reports those.
  package static func isBlank(path: String) -> Bool {
    guard let text = try? ConfigFile(path: path).text, let document = try? YAMLDocument(text) else { return false }
    guard let root = document.root else { return true }
    guard let members = root.mapping else { return false }
    return members["targets"] == nil && members["inboxes"] == nil
  }
}
