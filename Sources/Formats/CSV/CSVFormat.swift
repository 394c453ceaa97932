import Core

/// CSV and TSV: rows of cells, whose columns a mapping turns into items.
struct CSVFormat: FileFormat {
  /// What always separates the cells; nil if the route says it.
  private let delimiter: Unicode.Scalar?

  init(delimiter: Unicode.Scalar? = nil) { self.delimiter = delimiter }

  var isTable: Bool { true }
  var keepsItemText: Bool { false }

  func read(
    _ content: FileContent, _ options: FormatOptions, template: (CSVHeader) throws -> RowTemplate,
    fits: (CSVHeader) -> Bool, begin: (any ItemDecoder) throws -> Void, each: (ItemBlock) throws -> Void
  ) throws -> FileReport {
    let encoding = try encoding(of: content, options)
    let reader = CSVReader(
      csvOptions(options), isRejectsFile: options.isRejectsFile, limits: options.limits, key: options.key)
    var report = FileReport(shape: .rows)
    let detector = encoding?.text.hasSingleBytes == true ? UTF8Detector() : nil
    var text = try text(of: content, encoding?.text, detector)
    var outcome = try reader.read(
      &text,
      plan: { header in
        report.headerTag = options.key?.tag(of: header.bytes.span)
        return try template(header)
      }, diagnoses: true, fits: fits, begin: begin, each: each)
    outcome.layout.encoding = encoding?.text.name
    outcome.layout.hasByteOrderMark = encoding?.hasMark ?? false
    report.layout = outcome.layout.json
    report.completeness = outcome.completeness
    report.fault = outcome.fault
    report.warnings = outcome.warnings
    if let encoding, detector?.isUTF8 == true {
      report.warnings.append(
        FileWarning(
          .looksLikeUTF8,
          "the file was read as \(encoding.text.name), as its route says, but it looks like UTF-8: letters such as ä and é are probably wrong"
        ))
    }
    report.isRejectsFile = outcome.isRejectsFile
    return report
  }

  func count(_ content: FileContent, _ options: FormatOptions) throws -> Int {
    var rows = CSVRows(csvOptions(options), isRejectsFile: true, limits: options.limits, chunkBytes: 256 << 10)
    var text = try text(of: content, encoding(of: content, options)?.text)
    _ = try rows.readHeader(from: &text)
    var count = 0
    while try rows.findRow(in: &text) { count += 1 }
    return count
  }

  func beginsAsRejectsFile(_ content: FileContent, _ options: FormatOptions) throws -> Bool {
    var text = try text(of: content, encoding(of: content, options)?.text)
    return try CSVReader(csvOptions(options), limits: options.limits).beginsAsRejectsFile(&text)
  }

  func writeRejects(from content: FileContent, _ work: RejectsWork) throws -> Int {
    try CSVRejectsWriter(content: content, work: work, delimiter: delimiter).write()
  }

  private func csvOptions(_ options: FormatOptions) -> CSVOptions {
    var csv = options.csv
    if let delimiter { csv.delimiter = .character(delimiter) }
    return csv
  }

  /// The content as UTF-8.
  private func text(
    of content: FileContent, _ encoding: TextEncoding?, _ detector: UTF8Detector? = nil
  ) throws -> ContentBytes {
    let bytes = try content.bytes()
    guard let encoding else { return bytes }
    guard let detector else { return ContentBytes(try DecodedBytes(bytes, encoding: encoding)) }
    return ContentBytes(try DecodedBytes(DetectingBytes(bytes, detector), encoding: encoding))
  }

  private func encoding(
    of content: FileContent, _ options: FormatOptions
  ) throws -> (text: TextEncoding, hasMark: Bool)? {
    var start = try content.unobserved()
    return try TextEncoding.encoding(of: &start, declared: options.encoding)
  }
}
