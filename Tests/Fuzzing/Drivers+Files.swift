import APIs
import Core
import Foundation
import Intake
import Operations
import Settings
import Spool

extension FuzzDriver {
  static let files = FuzzDriver(
    name: "files", about: "what an inbox finds of files: names, sizes, times, kinds", words: [], longest: 512
  ) { folder in try FolderReader(folder) }

  static let csv = FuzzDriver(
    name: "csv", about: "CSV and TSV files, read as the daemon reads them",
    words: [
      ",", ";", "\t", "|", "\"", "\"\"", "\r\n", "\n", "\r", "sep=;", "displayName", "identifiers.InvestorRecord/A/B",
      "properties.InvestorRecord/A/C", "scope", "accountId", "exposure:number", "creditBlock:boolean", "x:list",
      "x:json", "addresses[0].city", "headers.action", "_error_code", "requestId", "=1+1",
    ], longest: 8 << 10
  ) { folder in try FileReader(folder, endings: [".csv", ".tsv", ".map.csv"]) }

  static let json = FuzzDriver(
    name: "json", about: "JSON files, read as the daemon reads them", words: jsonWords, longest: 8 << 10
  ) { folder in try FileReader(folder, endings: [".json"]) }

  static let ndjson = FuzzDriver(
    name: "ndjson", about: "NDJSON files, read as the daemon reads them", words: jsonWords + ["\n", "\r\n"],
    longest: 8 << 10
  ) { folder in try FileReader(folder, endings: [".ndjson", ".jsonl"]) }

  static let gzip = FuzzDriver(
    name: "gzip", about: "gzipped files, whole and damaged", words: ["\u{1F}", "\u{0}"], longest: 8 << 10
  ) { folder in try FileReader(folder, endings: [".json.gz", ".csv.gz", ".ndjson.gz"]) }

  private static let jsonWords = [
    "{", "}", "[", "]", ":", ",", "\"", "\\", "\\ud800", "\\u0000", "null", "true", "1e999", "-", "\"headers\":{",
    "\"data\":{", "\"identifiers\":{", "\"properties\":{", "\"displayName\":\"x\"", "\"scope\":\"s\"",
    "\"_error\":{\"code\":\"\"}", "\"_raw\":", "\"receiptType\":\"\"", "\"action\":\"Merge\"", "\"investor\":{",
    "\"metricValue\":{\"value\":1}", "\"labelValueSet\":{\"values\":[]}",
  ]
}

/// Files of any name, size and time in an inbox that is looked at.
private final class FolderReader: FuzzReader {
  private let folders: InboxFolders

  init(_ folder: String) throws {
    folders = InboxFolders(spool: folder + "/files", inbox: "in")
    try folders.prepare()
  }

  /// The input is cut at line breaks; each part is a file's kind, size, time and name.
  func read(_ input: [UInt8]) throws -> Bool {
    var made = 0
    for part in input.split(separator: UInt8(ascii: "\n")).prefix(8) where part.count > 18 {
      var bytes = Array(part)
      func number() -> Int64 {
        defer { bytes.removeFirst(8) }
        return bytes.prefix(8).reduce(0) { $0 << 8 | Int64(truncatingIfNeeded: UInt64($1)) }
      }
      let kind = bytes.removeFirst()
      let (size, seconds) = (number(), number())
      guard let name = FileName(bytes: bytes) else { continue }
      let path = "\(folders.inbox)/" + String(decoding: name.bytes, as: UTF8.self)
      switch kind % 4 {
      case 0 where mkdir(path, 0o700) == 0: break
      case 1 where mkfifo(path, 0o600) == 0: break
      default:
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { continue }
        // As large and as old as the file system lets it be.
        for shift in 0..<16 where ftruncate(descriptor, off_t((size & .max) >> Int64(shift * 4))) == 0 { break }
        for shift in 0..<8 {
          let time = timespec(tv_sec: Int(seconds >> Int64(shift * 8)), tv_nsec: 999_999_999)
          if futimens(descriptor, [time, time]) == 0 { break }
        }
        close(descriptor)
      }
      made += 1
    }
    let now = Timestamp(milliseconds: .max)
    for settle in [Duration.zero, .seconds(2)] {
      let isPlain = settle == .zero
      let options = WatchOptions(
        settle: settle, minAge: isPlain ? .zero : .seconds(Int64.max), marker: isPlain ? nil : ".d",
        checksum: { $0.count % 2 == 0 ? nil : isPlain ? .md5 : .sha256 })
      let look = Watcher.scanOnce(folders: folders, options: options)
      guard look.fault == nil else { throw Broken("it can't be looked at: \(look.fault.debugDescription)") }
      guard look.ready.count + look.counts.values.reduce(0, +) <= 16 else { throw Broken("more than there are") }
    }
    _ = try folders.leftovers(olderThan: .seconds(1))
    _ = try folders.discard(from: folders.inbox, olderThan: .zero, now: now)
    for name in try FileManager.default.contentsOfDirectory(atPath: folders.inbox) {
      try? FileManager.default.removeItem(atPath: "\(folders.inbox)/\(name)")
    }
    // A name that is not text is not removed that way.
    if try InboxFolders.names(in: folders.inbox).isEmpty == false {
      try FileManager.default.removeItem(atPath: folders.root)
      try folders.prepare()
    }
    return made > 0
  }
}

/// Files as they are dropped, each read for an inbox of each kind.
private final class FileReader: FuzzReader {
  private let folder: String
  private let endings: [String]
  private let settings: Settings
  private var number = 0

  init(_ folder: String, endings: [String]) throws {
    self.folder = folder
    self.endings = endings
    settings = try Settings.fuzzing(in: folder)
  }

  /// The first byte says which inbox and ending it is read for; the rest is the file.
  func read(_ input: [UInt8]) throws -> Bool {
    let choice = Int(input.first ?? 0)
    let path = "\(folder)/x\(endings[choice % endings.count])"
    try Data(input.dropFirst()).write(to: URL(filePath: path))
    let inbox = settings.inboxes[choice / 16 % settings.inboxes.count]
    var isSensible = false
    var fault: Broken?
    let hasRejects = try FilePreview.show(path: path, inbox: inbox, settings: settings, all: true) { line in
      if line.hasPrefix("POST ") { isSensible = true }
      if line.hasPrefix("rejected: "), line != line.onOneLine { fault = Broken("not on one line: \(line)") }
    }
    if let fault { throw fault }
    return isSensible && !hasRejects
  }
}

extension Settings {
  /// An inbox for each API and for both, and one with a mapping; small limits, so that they are met.
  static func fuzzing(in folder: String, more: String = "") throws -> Settings {
    try Data(
      """
      columns:
        Ref: identifiers.InvestorRecord/A/B
        Name: [displayName, properties.InvestorRecord/A/C]
        Since: {to: properties.InvestorRecord/A/D.effectiveFrom, date: "dd/MM/yyyy"}
        Kind: {to: investor.investorType, values: {P: Person}}
      constants: {scope: s}
      ignore: [Comment]
      """.utf8
    ).write(to: URL(filePath: folder + "/map.yaml"))
    let yaml = """
      spool: \(folder)/spool
      state: \(folder)/state
      limits: {max_item_bytes: 2KiB, max_file_bytes: 1MiB, max_nesting: 16, max_gzip_ratio: 50}
      log: {level: critical}
      \(more)
      targets:
        lusid: {api: lusid, url: "http://127.0.0.1:9/api", auth: {access_token: x}, batch: {max_items: 3}}
        liquid: {api: liquid, url: "http://127.0.0.1:9", auth: {access_token: x}, batch: {max_bytes: 4KiB}}
      inboxes:
        - name: auto
          routes: [{match: "*.map.csv", target: lusid, mapping: map.yaml}, {match: "*", target: auto}]
        - {name: lusid, target: lusid, delimiter: auto, empty: "null"}
        - {name: liquid, target: liquid, item: {category: entity, type: Account, action: Merge, key: [accountId]}}
        - {name: atomic, target: lusid, success_mode: Atomic}
      """
    let path = folder + "/upsertd.yaml"
    _ = FileManager.default.createFile(
      atPath: path, contents: Data(yaml.utf8), attributes: [.posixPermissions: 0o600])
    return try Settings.load(path: path, environment: [:])
  }
}
