internal import Core
internal import Formats
package import Settings
package import Spool

extension WatchOptions {
  /// As the configuration has it.
  package init(_ inbox: Inbox, _ settings: Settings) {
    let hasSideFiles = inbox.routes.contains { $0.checksum != nil }
    self.init(
      pollInterval: settings.watch.pollInterval, settle: settings.watch.settle, minAge: settings.watch.minAge,
      ignore: { inbox.ignores($0) }, marker: inbox.marker,
      checksum: { hasSideFiles ? inbox.route(for: $0)?.checksum : nil })
  }
}

extension Inbox {
  /// What a file of this name is read as: by its route, or by its extension.
  func format(of name: [UInt8]) -> FileFormat? { FileFormat(fileName: name, format: route(for: name)?.format) }
}
