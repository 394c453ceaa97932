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
      checksum: { hasSideFiles ? inbox.route(for: $0)?.checksum : nil },
      isRejectsFile: { inbox.beginsAsRejectsFile($0, $1) })
  }
}

extension Inbox {
  /// What the heartbeat and the active failures call it.
  var loop: String { "inbox \(name)" }

  /// What a file of this name is read as: by its route, or by its extension.
  func fileType(of name: [UInt8]) -> FileType? { FileType(fileName: name, format: route(for: name)?.format) }

  /// Whether a file is a rejects file by its beginning, whatever it is called now.
  ///
  /// - Parameter start: its first bytes, as dropped.
  package func beginsAsRejectsFile(_ name: [UInt8], _ start: [UInt8]) -> Bool {
    guard let route = route(for: name), let type = fileType(of: name) else { return false }
    do {
      return try type.format.beginsAsRejectsFile(
        FileContent(start: start, isGzipped: type.isGzipped), FormatOptions(route))
    } catch {
      // A damaged gzip, or no memory: whoever reads the file reports it.
      return false
    }
  }
}

extension FormatOptions {
  init(_ route: Route) {
    self.init()
    csv = route.csv
    encoding = route.encoding
  }
}

extension InboxFolders {
  /// A finished file's rejects file, as it is now; nil if there is none.
  ///
  /// - Throws: `InboxError` if that can't be seen.
  package func rejects(of names: ResultNames) throws(InboxError) -> (folder: String, name: FileName)? {
    try rejects(of: names, formats: FormatKind.allCases.map(\.rawValue))
  }
}
