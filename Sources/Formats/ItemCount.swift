package import Core

/// Counts the items in a rejects file, reading it as dropped files are read but without examining the items.
package enum ItemCount {
  /// - Parameters:
  ///   - objects: how a JSON file that is one object is interpreted.
  ///   - csv: how a CSV is written.
  ///   - encoding: of a CSV without a byte order mark; nil for UTF-8.
  ///   - limits: as for reading dropped files.
  /// - Throws: `FileFault` if the file can't be read in its format; `ReadError`.
  package static func items(
    in descriptor: Int32, path: String, format: FileFormat, objects: ObjectShape,
    csv: CSVOptions = CSVOptions(), encoding: TextEncoding? = nil, limits: ReaderLimits, gzip: GzipLimits
  ) throws -> Int {
    func open() -> FileBytes { FileBytes(descriptor: descriptor, path: path) }
    if format.isGzipped {
      return try items({ try GzipBytes(open(), limits: gzip) }, format.kind, objects, csv, encoding, limits)
    }
    return try items(open, format.kind, objects, csv, encoding, limits)
  }

  private static func items<Source: PositionedBytes & ~Copyable>(
    _ open: () throws -> Source, _ kind: FileFormat.Kind, _ objects: ObjectShape, _ csv: CSVOptions,
    _ encoding: TextEncoding?, _ limits: ReaderLimits
  ) throws -> Int {
    var source = try open()
    var count = 0
    switch kind {
    case .csv, .tsv:
      var options = csv
      if kind == .tsv { options.delimiter = .character("\t") }
      guard let found = try TextEncoding.encoding(of: &source, declared: encoding) else {
        source = try open()
        return try rows(in: &source, options, limits)
      }
      var text = try DecodedBytes(try open(), encoding: found.text)
      return try rows(in: &text, options, limits)
    case .ndjson, .jsonl:
      _ = try NDJSONReader(limits: limits).read(&source) { _, _ in count += 1 }
    case .json:
      _ = try JSONReader(limits: limits, objects: objects).read(&source) { _, _ in count += 1 }
    }
    return count
  }

  private static func rows<Source: ByteSource & ~Copyable>(
    in source: inout Source, _ options: CSVOptions, _ limits: ReaderLimits
  ) throws -> Int {
    var rows = CSVRows(options, isRejectsFile: true, limits: limits, chunkBytes: 256 << 10)
    _ = try rows.readHeader(from: &source)
    var count = 0
    while try rows.findRow(in: &source) { count += 1 }
    return count
  }
}
