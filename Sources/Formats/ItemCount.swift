internal import Core

/// Counts the items in a file, reading it as dropped files are read but without examining the items.
package enum ItemCount {
  /// - Parameter objects: how a JSON file that is one object is interpreted.
  /// - Parameter limits: as for reading dropped files.
  /// - Throws: `FileFault` if the file can't be read in its format; `ReadError`.
  package static func items(
    in descriptor: Int32, path: String, format: FileFormat, objects: ObjectShape, limits: ReaderLimits,
    gzip: GzipLimits
  ) throws -> Int {
    var file = FileBytes(descriptor: descriptor, path: path)
    guard format.isGzipped else { return try items(in: &file, format.kind, objects, limits) }
    var content = try GzipBytes(file, limits: gzip)
    return try items(in: &content, format.kind, objects, limits)
  }

  private static func items<Source: ByteSource & ~Copyable>(
    in source: inout Source, _ kind: FileFormat.Kind, _ objects: ObjectShape, _ limits: ReaderLimits
  ) throws -> Int {
    var count = 0
    switch kind {
    case .csv, .tsv:
      var options = CSVOptions()
      options.delimiter = kind == .tsv ? .character("\t") : .auto
      var rows = CSVRows(options, isRejectsFile: false, limits: limits, chunkBytes: 256 << 10)
      _ = try rows.readHeader(from: &source)
      while try rows.findRow(in: &source) { count += 1 }
    case .ndjson, .jsonl:
      _ = try NDJSONReader(limits: limits).read(&source) { _, _ in count += 1 }
    case .json:
      _ = try JSONReader(limits: limits, objects: objects).read(&source) { _, _ in count += 1 }
    }
    return count
  }
}
