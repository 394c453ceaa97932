package import APIs
package import Core
package import Engine
internal import Formats
internal import Runtime
package import Settings
package import Spool

/// Takes the batches and rejects that reading a file yields, in the file's order.
package protocol ReadingSink {
  /// `ordinal` counts the file's batches from 1.
  mutating func take(_ batch: QueuedBatch, ordinal: Int, for destination: RouteTargets.Destination) throws
  mutating func reject(_ reject: Reject) throws
}

/// The outcome of a whole reading.
package struct ReadingResult: Sendable {
  package var facts: FileFacts
  package var items: Int
  package var rejected: Int
  /// Nothing of the file can be used; discard everything that was passed to the sink.
  package var fault: FileFault?
  /// Whether its name or its content says that upsertd wrote it.
  var isRejectsFile = false
  /// The digest of what was read until the fault, if there is more: see `FileReading.complete`.
  var unfinishedDigest: Digest?
}

extension ReadingResult {
  fileprivate mutating func compare(_ digest: Digest, with sideFile: SideFile) {
    guard let expected = sideFile.digest, let found = digest.hexadecimal(sideFile.kind) else { return }
    facts.completeness = facts.completeness ?? Completeness()
    facts.completeness?.checksum = Completeness.Pair(expected: expected, found: found)
    guard expected != found else { return }
    (items, rejected) = (0, 0)
    fault = FileFault(
      .checksumMismatch,
      "the file's \(sideFile.kind.title) is \(found), but its side file \(sideFile.name) says \(expected)")
  }
}

/// Reads one file from its first byte to its last: items, checks, pieces, batches.
///
/// Memory holds one chunk of the file, one item and the batches being filled. It sends nothing, and what it passes to
/// its sink counts only once it has returned without a fault.
package struct FileReading {
  let inbox: Inbox
  let settings: Settings
  let name: [UInt8]
  let path: String
  let descriptor: Int32
  let size: Int
  /// Whether batches may leave bytes in the file, to be looked up when they are sent.
  let refersToFile: Bool
  /// Why the file can't be used, if that is known before it is read: then none of it is read.
  let verdict: FileFault?
  /// Holds the digest that the file must have; nil if none is asked for.
  let sideFile: SideFile?
  /// Makes the items' tags; nil if nothing will be read again.
  let key: SourceKey?
  /// Called every few hundred kilobytes, whatever they contain, with the bytes of the file read so far; an error that it
  /// throws ends the reading.
  let onProgress: (Int) throws -> Void

  private var facts = FileFacts()
  private var isRejectsFile = false
  private let limits: ReaderLimits

  package init(
    inbox: Inbox, settings: Settings, name: [UInt8], path: String, descriptor: Int32, size: Int,
    refersToFile: Bool, verdict: FileFault? = nil, sideFile: SideFile? = nil, key: SourceKey? = nil,
    onProgress: @escaping (Int) throws -> Void = { _ in }
  ) {
    self.inbox = inbox
    self.settings = settings
    self.name = name
    self.path = path
    self.descriptor = descriptor
    self.size = size
    self.refersToFile = refersToFile
    self.verdict = verdict
    self.sideFile = sideFile
    self.key = key
    self.onProgress = onProgress
    limits = ReaderLimits(
      maxItemBytes: settings.limits.maxItemBytes, maxNesting: settings.limits.maxNesting,
      additions: APIs.rejectsAdditions)
  }

  /// - Throws: `ReadError` if the disk fails, and errors of the sink; a fault of the file itself is in the result.
  package mutating func run(into sink: inout some ReadingSink) throws -> ReadingResult {
    facts.bytes = size
    facts.ordering = inbox.ordering
    facts.listsAccepted = inbox.listsAccepted
    let type = inbox.fileType(of: name)
    facts.format = type?.kind.rawValue
    var conversion = inbox.route(for: name).map {
      ItemConversion(
        route: $0, destinations: RouteTargets($0, settings: settings), limits: limits, ordering: inbox.ordering,
        refersToFile: refersToFile && type?.keepsItemText == true)
    }
    // A fixed target is known even if the file turns out to be unusable.
    if let conversion { note(conversion) }
    let sideFile = try comparedSideFile()
    var digest = Digest(withMD5: sideFile?.kind == .md5)
    if let fault = verdict ?? Self.tooLarge(size, settings) ?? sideFile?.fault {
      // A file that is too large is not read even for its digest.
      return ReadingResult(
        facts: facts, items: 0, rejected: 0, fault: fault, unfinishedDigest: fault.code == .tooLarge ? nil : digest)
    }
    let fault = try readItems(type, &conversion, into: &sink, &digest)
    if let conversion { note(conversion) }
    var result = ReadingResult(
      facts: facts, items: fault == nil ? conversion?.items ?? 0 : 0,
      rejected: fault == nil ? conversion?.rejected ?? 0 : 0, fault: fault, isRejectsFile: isRejectsFile,
      unfinishedDigest: digest)
    // There may be gigabytes after a fault; others that wait only for this file's content must not wait for them.
    if fault == nil || size - digest.count <= Self.shortRest { try complete(&result) }
    return result
  }

  /// The most that is read at once even though the file is unusable.
  private static let shortRest = 256 << 10

  /// Reads the rest of the file after a fault: the digest is that of the whole file. If it is not the one in the side
  /// file, that is the fault: whatever else is wrong follows from it.
  ///
  /// - Throws: `ReadError` if the disk fails, and errors of `onProgress`.
  func complete(_ result: inout ReadingResult) throws {
    guard var digest = result.unfinishedDigest else { return }
    var rest = FileBytes(descriptor: descriptor, path: path) { [onProgress] in
      digest.update($0)
      try onProgress(digest.count)
    }
    rest.move(to: digest.count)
    try rest.drain()
    result.facts.sha256 = digest.hexadecimal
    result.unfinishedDigest = nil
    if let sideFile = try comparedSideFile() { result.compare(digest, with: sideFile) }
  }

  /// Why a file of that name and size is unusable, whatever it contains; nil if it may be usable.
  static func verdict(name: [UInt8], size: Int, inbox: Inbox, settings: Settings) -> FileFault? {
    if let fault = tooLarge(size, settings) { return fault }
    if inbox.fileType(of: name) == nil { return unsupportedFormat(name) }
    return inbox.route(for: name) == nil ? noRoute(inbox) : nil
  }

  private static func tooLarge(_ size: Int, _ settings: Settings) -> FileFault? {
    guard size > settings.limits.maxFileBytes else { return nil }
    return FileFault(
      .tooLarge, "the file has \(size) bytes; limits.max_file_bytes allows \(settings.limits.maxFileBytes)")
  }

  private static func unsupportedFormat(_ name: [UInt8]) -> FileFault {
    let ending = String(decoding: name, as: UTF8.self).lowercased().split(separator: ".").last.map(String.init)
    let advice =
      switch ending {
      case "xlsx", "xls", "xlsm", "xlsb", "ods": "; save the workbook as \"CSV UTF-8\""
      case "zip", "7z", "rar", "tar", "tgz", "bz2", "xz", "zst": "; unpack it first"
      default: ""
      }
    return FileFault(
      .unsupportedFormat,
      "the name must end in \(FormatKind.extensions), optionally followed by .gz, unless its route has a `format`"
        + advice)
  }

  private static func noRoute(_ inbox: Inbox) -> FileFault {
    FileFault(.noRoute, "no route of inbox \(inbox.name) matches the file name")
  }

  /// - Returns: why the file is unusable.
  private mutating func readItems(
    _ type: FileType?, _ conversion: inout ItemConversion?, into sink: inout some ReadingSink,
    _ digest: inout Digest
  ) throws -> FileFault? {
    var seen = digest
    defer { digest = seen }
    do {
      guard let type else { throw Self.unsupportedFormat(name) }
      guard var items = conversion else { throw Self.noRoute(inbox) }
      defer { conversion = items }
      let content = FileContent(
        descriptor: descriptor, path: path, isGzipped: type.isGzipped,
        gzip: GzipLimits(maxRatio: settings.limits.maxGzipRatio, maxOutputBytes: settings.limits.maxFileBytes),
        observe: { [onProgress] in
          seen.update($0)
          try onProgress(seen.count)
        }, onRead: { [onProgress] in try onProgress(seen.count) })
      try read(content, as: type.format, &items, into: &sink)
    } catch let error as FileFault {
      return error
    }
    return nil
  }

  private mutating func read(
    _ content: FileContent, as format: any FileFormat, _ items: inout ItemConversion, into sink: inout some ReadingSink
  ) throws {
    var options = FormatOptions(items.route)
    options.objects = items.destinations.objectShape
    options.limits = limits
    options.key = key
    options.isRejectsFile = RejectsFileName(name) != nil
    var pipeline = ConversionPipeline()
    let report: FileReport
    do {
      report = try format.read(
        content, options, template: { try items.template(for: $0) }, fits: { items.fits($0) },
        begin: { items.begin($0) }, each: { try pipeline.pass($0, &items, into: &sink) })
    } catch let fault as FileFault {
      // What comes before it may have a fault of its own.
      try pipeline.finish(&items, into: &sink)
      throw fault
    }
    try pipeline.finish(&items, into: &sink)
    facts.shape = report.shape.rawValue
    facts.headerTag = report.headerTag
    facts.dialect = report.layout
    facts.completeness = report.completeness
    isRejectsFile = report.isRejectsFile || options.isRejectsFile
    if let fault = report.fault { throw fault }
    facts.warnings = report.warnings
    try items.finish(into: &sink)
  }

  /// The side file that the content must agree with; nil if there is none, or none counts: a rejects file under another
  /// name is not what its sender made a digest of.
  private func comparedSideFile() throws -> SideFile? {
    guard let sideFile else { return nil }
    var file = FileBytes(descriptor: descriptor, path: path)
    var start: [UInt8] = []
    try file.read(upTo: WatchOptions.startBytes, into: &start)
    return inbox.beginsAsRejectsFile(name, start) ? nil : sideFile
  }

  private mutating func note(_ conversion: ItemConversion) {
    facts.successMode = conversion.route.successMode
    guard let destination = conversion.chosen else { return }
    facts.api = destination.api.kind
    facts.target = destination.target.name
    facts.url = destination.api.endpoint(base: destination.target.url, successMode: conversion.route.successMode)
  }
}

/// Blocks of items on their way from the reader through other threads to the conversion, which takes them in order.
private struct ConversionPipeline: ~Copyable {
  private var work = OrderedWork<ConvertedBlock>()
  /// The last block found. The last one of all, and with it the only one of a small file, is converted on this thread.
  private var last: (block: ItemBlock, converter: ItemConverter)?

  /// - Throws: `FileFault`, and errors of the sink; then the blocks that follow are dropped.
  mutating func pass(_ block: ItemBlock, _ items: inout ItemConversion, into sink: inout some ReadingSink) throws {
    guard let converter = try items.converter(for: block) else { return }
    if let last { try begin(last.block, last.converter, &items, into: &sink) }
    last = (block, converter)
  }

  private mutating func begin(
    _ block: ItemBlock, _ converter: ItemConverter, _ items: inout ItemConversion, into sink: inout some ReadingSink
  ) throws {
    if work.isFull { try takeNext(&items, into: &sink) }
    work.begin { converter.convert(block) }
  }

  private mutating func takeNext(_ items: inout ItemConversion, into sink: inout some ReadingSink) throws {
    do {
      if let next = work.next() { try items.take(next, into: &sink) }
    } catch {
      work.abandon()
      last = nil
      throw error
    }
  }

  mutating func finish(_ items: inout ItemConversion, into sink: inout some ReadingSink) throws {
    let converted = last.map { $0.converter.convert($0.block) }
    last = nil
    while !work.isEmpty { try takeNext(&items, into: &sink) }
    if let converted { try items.take(converted, into: &sink) }
  }
}
