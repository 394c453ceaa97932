/// NDJSON: one item per line.
struct NDJSONFormat: FileFormat {
  var isTable: Bool { false }
  var keepsItemText: Bool { true }

  func read(
    _ content: FileContent, _ options: FormatOptions, template: (CSVHeader) throws -> RowTemplate,
    fits: (CSVHeader) -> Bool, each: (RawItem, Span<UInt8>) throws -> Void
  ) throws -> FileReport {
    var text = try content.bytes()
    return FileReport(shape: try NDJSONReader(limits: options.limits, key: options.key).read(&text, each: each))
  }

  func count(_ content: FileContent, _ options: FormatOptions) throws -> Int {
    var text = try content.bytes()
    var count = 0
    _ = try NDJSONReader(limits: options.limits).read(&text) { _, _ in count += 1 }
    return count
  }

  func writeRejects(from content: FileContent, _ work: RejectsWork) throws -> Int {
    var items = JSONRejects(try content.bytes(), work)
    try items.writeLines()
    return items.lost
  }
}
