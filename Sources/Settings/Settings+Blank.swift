internal import Yams

extension Settings {
  /// Whether the configuration has not been begun: it names neither targets nor inboxes, as the one that a package installs.
  ///
  /// False for a file that can't be read, or has anything else wrong with it: that is `load`'s to tell.
  package static func isBlank(path: String) -> Bool {
    guard let text = try? SmallFile(path: path).text, let document = try? YAMLDocument(text) else { return false }
    guard let root = document.root else { return true }
    guard let members = root.mapping else { return false }
    return members["targets"] == nil && members["inboxes"] == nil
  }
}
