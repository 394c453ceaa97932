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
  /// What a file of this name is read as: by its route, or by its extension.
  func format(of name: [UInt8]) -> FileFormat? { FileFormat(fileName: name, format: route(for: name)?.format) }

  /// Whether a file is a rejects file by its first cell, whatever it is called now.
  ///
  /// - Parameter start: its first bytes, as dropped.
  package func beginsAsRejectsFile(_ name: [UInt8], _ start: [UInt8]) -> Bool {
    guard let route = route(for: name), let format = format(of: name), format.kind == .csv || format.kind == .tsv
    else { return false }
    do {
      if format.isGzipped {
        return try Self.beginsAsRejectsFile(format.kind, route) {
          try GzipBytes(HeldBytes(start), limits: GzipLimits())
        }
      }
      return try Self.beginsAsRejectsFile(format.kind, route) { HeldBytes(start) }
    } catch {
      // A damaged gzip, or no memory: whoever reads the file reports it.
      return false
    }
  }

  private static func beginsAsRejectsFile<Source: PositionedBytes & ~Copyable>(
    _ kind: FileFormat.Kind, _ route: Route, _ open: () throws -> Source
  ) throws -> Bool {
    let reader = CSVReader(kind: kind, route.csv, limits: ReaderLimits(), chunkBytes: WatchOptions.startBytes)
    var source = try open()
    guard let encoding = try TextEncoding.encoding(of: &source, declared: route.encoding) else {
      source = try open()
      return try reader.beginsAsRejectsFile(&source)
    }
    var text = try DecodedBytes(try open(), encoding: encoding.text)
    return try reader.beginsAsRejectsFile(&text)
  }
}
