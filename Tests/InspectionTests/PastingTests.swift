import APIs
import Core
import Foundation
import Testing

@testable import Inspection
@testable import Settings

/// What is printed, pasted into a configuration.
@Suite struct PastingTests {
  private static let targets = """
    targets:
      lusid: {api: lusid, url: "https://example.lusid.com/api", auth: {access_token: x}}
      liquid: {api: liquid, url: "https://ld.example.com", auth: {access_token: x}}

    """

  /// The configuration with the printed inbox, and the printed mapping beside it.
  private func paste(_ inspection: Inspection) throws -> Inbox {
    let report = inspection.report().joined(separator: "\n")
    let start = try #require(report.range(of: "inboxes:\n"))
    let printed = report[start.lowerBound...].components(separatedBy: "\n\n")
    let folder = FileManager.default.temporaryDirectory.appending(path: "pasted-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func write(_ text: String, _ name: String) {
      _ = FileManager.default.createFile(
        atPath: folder.appending(path: name).path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    }
    write(Self.targets + printed[0], "upsertd.yaml")
    if let mapping = inspection.mapping { write(printed[1], mapping.path) }
    let settings = try Settings.load(path: folder.appending(path: "upsertd.yaml").path, environment: [:])
    return try #require(settings.inboxes.first)
  }

  private static let files =
    (try? FileManager.default.contentsOfDirectory(
      atPath: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Files").path))?.sorted() ?? []

  @Test(arguments: files, [APIKind.lusid, .liquid])
  func `it is a valid configuration with just these options`(_ file: String, _ api: APIKind) throws {
    // A bank's payments have nothing that identifies a record.
    if file == "umsaetze.csv", api == .lusid {
      let inspection = try inspection(of: file, for: api)
      #expect(throws: SettingsFaults.self) { try paste(inspection) }
      #expect(inspection.isUnsure("a record needs at least one identifier"))
      return
    }
    let inspection = try inspection(of: file, for: api)
    let inbox = try paste(inspection)
    #expect(inbox.name == inspection.stem)
    let route = try #require(inbox.routes.first)
    #expect(route.csv == inspection.options ?? CSVOptions())
    #expect(route.format == inspection.format)
    #expect(route.target == .named(api.rawValue))
    #expect(route.own == inspection.own)
    #expect(plain(route.mapping) == plain(inspection.mapping))
  }

  /// Without its place.
  private func plain(_ mapping: ColumnMapping?) -> ColumnMapping? {
    guard var mapping else { return nil }
    mapping.path = ""
    for name in mapping.columns.keys {
      for index in mapping.columns[name]?.indices ?? 0..<0 { mapping.columns[name]?[index].line = nil }
    }
    for index in mapping.computed.indices { mapping.computed[index].line = nil }
    return mapping
  }
}
