/// NDJSON: one item per line.
struct NDJSONFormat: FileFormat {
  var isTable: Bool { false }
  var keepsItemText: Bool { true }

  func read(
    _ content: FileContent, _ options: FormatOptions, template: (CSVHeader) throws -> RowTemplate,
    fits: (CSVHeader) -> Bool, begin: (any ItemDecoder) throws -> Void, each: (ItemBlock) throws -> Void
  ) throws -> FileReport {
    var text = try content.bytes()
    let reader = NDJSONReader(limits: options.limits, key: options.key)
    try begin(reader.decoder)
    return FileReport(shape: try reader.read(&text, each: each))
  }

  func count(_ content: FileContent, _ options: FormatOptions) throws -> Int {
    var text = try content.bytes()
    var count = 0
    _ = try NDJSONReader(limits: options.limits).read(&text) { count += $0.items.count }
    return count
  }

  func writeRejects(from content: FileContent, _ work: RejectsWork) throws -> Int {
    var items = JSONRejects(try content.bytes(), work)
    try items.writeLines()
    return items.lost
  }
}
