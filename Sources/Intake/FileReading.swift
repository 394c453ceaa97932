package import APIs
package import Core
package import Engine
package import Spool
internal import Formats
package import Settings

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
  /// Whether its content says that upsertd wrote it, whatever its name.
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
    let format = inbox.format(of: name)
    facts.format = format?.kind.rawValue
    var conversion = inbox.route(for: name).map {
      ItemConversion(
        route: $0, destinations: RouteTargets($0, settings: settings), limits: limits, ordering: inbox.ordering,
        // Compressed bytes can't be looked up by position.
        refersToFile: refersToFile && format?.isGzipped == false)
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
    let fault = try readItems(format, &conversion, into: &sink, &digest)
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
    if inbox.format(of: name) == nil { return unsupportedFormat }
    return inbox.route(for: name) == nil ? noRoute(inbox) : nil
  }

  private static func tooLarge(_ size: Int, _ settings: Settings) -> FileFault? {
    guard size > settings.limits.maxFileBytes else { return nil }
    return FileFault(
      .tooLarge, "the file has \(size) bytes; limits.max_file_bytes allows \(settings.limits.maxFileBytes)")
  }

  private static let unsupportedFormat = FileFault(
    .unsupportedFormat,
    "the name must end in .csv, .tsv, .json, .ndjson or .jsonl, optionally followed by .gz, unless its route has a "
      + "`format`")

  private static func noRoute(_ inbox: Inbox) -> FileFault {
    FileFault(.noRoute, "no route of inbox \(inbox.name) matches the file name")
  }

  /// - Returns: why the file is unusable.
  private mutating func readItems(
    _ format: FileFormat?, _ conversion: inout ItemConversion?, into sink: inout some ReadingSink,
    _ digest: inout Digest
  ) throws -> FileFault? {
    var seen = digest
    defer { digest = seen }
    do {
      guard let format else { throw Self.unsupportedFormat }
      guard conversion != nil else { throw Self.noRoute(inbox) }
      let encoding = try encoding(format, conversion?.route)
      var file = FileBytes(descriptor: descriptor, path: path) { [onProgress] in
        seen.update($0)
        try onProgress(seen.count)
      }
      if format.isGzipped {
        var content = try GzipBytes(
          file,
          limits: GzipLimits(
            maxRatio: settings.limits.maxGzipRatio, maxOutputBytes: settings.limits.maxFileBytes),
          onRead: { [onProgress] in try onProgress(seen.count) })
        if let encoding {
          var text = try DecodedBytes(content, encoding: encoding.text)
          try read(&text, format.kind, encoding, &conversion, into: &sink)
        } else {
          try read(&content, format.kind, nil, &conversion, into: &sink)
        }
      } else if let encoding {
        var text = try DecodedBytes(file, encoding: encoding.text)
        try read(&text, format.kind, encoding, &conversion, into: &sink)
      } else {
        try read(&file, format.kind, nil, &conversion, into: &sink)
      }
    } catch let error as FileFault {
      return error
    }
    return nil
  }

  /// The encoding of a CSV that is not UTF-8: its byte order mark says it, or else its route.
  private func encoding(_ format: FileFormat, _ route: Route?) throws -> (text: TextEncoding, hasMark: Bool)? {
    guard format.kind == .csv || format.kind == .tsv else { return nil }
    var file = FileBytes(descriptor: descriptor, path: path)
    guard format.isGzipped else { return try TextEncoding.encoding(of: &file, declared: route?.encoding) }
    var content = try GzipBytes(file, limits: GzipLimits())
    return try TextEncoding.encoding(of: &content, declared: route?.encoding)
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

  private mutating func read<Source: ByteSource & ~Copyable>(
    _ source: inout Source, _ kind: FileFormat.Kind, _ encoding: (text: TextEncoding, hasMark: Bool)?,
    _ conversion: inout ItemConversion?, into sink: inout some ReadingSink
  ) throws {
    guard var reading = conversion else { return }
    defer { conversion = reading }
    switch kind {
    case .csv, .tsv:
      facts.shape = DocumentShape.rows.rawValue
      let isRejectsFile = RejectsFileName(name) != nil
      let rows = CSVReader(kind: kind, reading.route.csv, isRejectsFile: isRejectsFile, limits: limits, key: key)
      var headerTag: SourceTag?
      defer { facts.headerTag = headerTag }
      // Two closures that both change the conversion: the template is settled before the first row.
      var outcome = try rows.read(
        &source,
        plan: { header in
          headerTag = key?.tag(of: header.bytes.span)
          return try reading.template(for: header)
        }, diagnoses: true, fits: { reading.fits($0) }, each: { try reading.take($0, $1, into: &sink) }
      )
      outcome.layout.encoding = encoding?.text.name
      outcome.layout.hasByteOrderMark = encoding?.hasMark ?? false
      facts.dialect = outcome.layout.json
      facts.completeness = outcome.completeness
      self.isRejectsFile = outcome.isRejectsFile
      if let fault = outcome.fault { throw fault }
      facts.warnings = outcome.warnings
    case .ndjson, .jsonl:
      facts.shape = DocumentShape.lines.rawValue
      _ = try NDJSONReader(limits: limits, key: key).read(&source) { try reading.take($0, $1, into: &sink) }
    case .json:
      let reader = JSONReader(limits: limits, objects: reading.destinations.objectShape, key: key)
      facts.shape = try reader.read(&source) { try reading.take($0, $1, into: &sink) }.rawValue
    }
    try reading.finish(into: &sink)
  }
}
