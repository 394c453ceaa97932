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
    fits: (CSVHeader) -> Bool, each: (RawItem, Span<UInt8>) throws -> Void
  ) throws -> FileReport {
    let encoding = try encoding(of: content, options)
    let reader = CSVReader(
      csvOptions(options), isRejectsFile: options.isRejectsFile, limits: options.limits, key: options.key)
    var report = FileReport(shape: .rows)
    func read(_ text: inout some ByteSource & ~Copyable) throws -> CSVReader.Outcome {
      try reader.read(
        &text,
        plan: { header in
          report.headerTag = options.key?.tag(of: header.bytes.span)
          return try template(header)
        }, diagnoses: true, fits: fits, each: each)
    }
    var outcome: CSVReader.Outcome
    if let encoding {
      var text = try DecodedBytes(try content.bytes(), encoding: encoding.text)
      outcome = try read(&text)
      outcome.layout.encoding = encoding.text.name
      outcome.layout.hasByteOrderMark = encoding.hasMark
    } else {
      var text = try content.bytes()
      outcome = try read(&text)
    }
    report.layout = outcome.layout.json
    report.completeness = outcome.completeness
    report.fault = outcome.fault
    report.warnings = outcome.warnings
    report.isRejectsFile = outcome.isRejectsFile
    return report
  }

  func count(_ content: FileContent, _ options: FormatOptions) throws -> Int {
    var rows = CSVRows(csvOptions(options), isRejectsFile: true, limits: options.limits, chunkBytes: 256 << 10)
    func count(_ text: inout some ByteSource & ~Copyable) throws -> Int {
      _ = try rows.readHeader(from: &text)
      var count = 0
      while try rows.findRow(in: &text) { count += 1 }
      return count
    }
    guard let encoding = try encoding(of: content, options) else {
      var text = try content.bytes()
      return try count(&text)
    }
    var text = try DecodedBytes(try content.bytes(), encoding: encoding.text)
    return try count(&text)
  }

  func beginsAsRejectsFile(_ content: FileContent, _ options: FormatOptions) throws -> Bool {
    let reader = CSVReader(csvOptions(options), limits: options.limits)
    guard let encoding = try encoding(of: content, options) else {
      var text = try content.bytes()
      return try reader.beginsAsRejectsFile(&text)
    }
    var text = try DecodedBytes(try content.bytes(), encoding: encoding.text)
    return try reader.beginsAsRejectsFile(&text)
  }

  func writeRejects(from content: FileContent, _ work: RejectsWork) throws -> Int {
    try CSVRejectsWriter(content: content, work: work, delimiter: delimiter).write()
  }

  private func csvOptions(_ options: FormatOptions) -> CSVOptions {
    var csv = options.csv
    if let delimiter { csv.delimiter = .character(delimiter) }
    return csv
  }

  private func encoding(
    of content: FileContent, _ options: FormatOptions
  ) throws -> (text: TextEncoding, hasMark: Bool)? {
    var start = try content.unobserved()
    return try TextEncoding.encoding(of: &start, declared: options.encoding)
  }
}
