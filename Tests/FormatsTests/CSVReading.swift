import Core
import Testing

@testable import Formats

/// What came out of a CSV: rows with the JSON that they became, and how it ended.
struct CSVReading: Equatable {
  var items: [RawItem] = []
  var texts: [String] = []
  /// What could be read of each row that has a fault.
  var leftovers: [String] = []
  var layout: CSVLayout?
  var dialect: CSVDialect? { layout?.dialect }
  var completeness: Completeness?
  var warnings: [FileWarning] = []
  var fault: FileFault?

  /// `number line start..<end` of every row, with the code of its fault.
  var places: [String] {
    items.map { "\($0.number) \($0.line) \($0.source)" + ($0.fault.map { " " + $0.code.rawValue } ?? "") }
  }

  /// `code line:column`.
  var end: String? {
    fault.map { "\($0.code.rawValue) \($0.line.map(String.init) ?? "-"):\($0.column.map(String.init) ?? "-")" }
  }

  var messages: [String] { items.compactMap(\.fault?.message) }
}

/// How a test reads a CSV; a field is where its path says, and `requestId` is the request's id.
struct CSVReadingTerms {
  var kind = FormatKind.csv
  var options = CSVOptions()
  var delimiter: Delimiter {
    get { options.delimiter }
    set { options.delimiter = newValue }
  }
  var limits = ReaderLimits()
  var empty = EmptyCell.omit
  var mapping: ColumnMapping?
  /// How cells are written.
  var zones: LocalTimeZones = { _ in nil }
  /// Whether a fault of the header gets its likely cause.
  var diagnoses = false
  var chunks = [1, 2, 3, 5, 8, 13, 64, 1 << 18]
  var place: @Sendable (CellPath) throws(FileFault) -> ColumnPlacement = { path throws(FileFault) in
    path.name == "requestId" ? .requestID : .field(PlacedField(path: path.steps, type: path.type))
  }

  /// Reads in chunks of several sizes, which must make no difference.
  func read(_ content: [UInt8]) -> CSVReading {
    var first: CSVReading?
    for chunk in chunks {
      let reading = read(content, chunk)
      if let first { #expect(reading == first, "chunks of \(chunk)") }
      first = first ?? reading
    }
    return first ?? CSVReading()
  }

  func read(_ text: String) -> CSVReading { read(Array(text.utf8)) }

  /// The options with what the kind adds.
  private var written: CSVOptions {
    var written = options
    if kind == .tsv { written.delimiter = .character("\t") }
    return written
  }

  func header(_ text: String) throws -> CSVHeader {
    var source = MemoryBytes(Array(text.utf8))
    return try CSVReader(written, limits: limits).readHeader(from: &source)
  }

  /// Writes the rejects of `content`, whose rows may have faults.
  func rejects(_ text: String) throws -> CSVRejects {
    let header = try header(text)
    let layout = CSVLayout(header, hasSeparatorLine: read(text).layout?.hasSeparatorLine ?? false)
    #expect(CSVLayout(json: layout.json) == layout)
    return CSVRejects(layout, headerRow: Array(Array(text.utf8)[header.range]))
  }

  private func read(_ content: [UInt8], _ chunk: Int) -> CSVReading {
    var source = MemoryBytes(content, pieceBytes: chunk)
    var reading = CSVReading()
    do {
      let reader = CSVReader(written, limits: limits, chunkBytes: chunk, key: testKey)
      func plan(_ header: CSVHeader) throws -> RowTemplate {
        try RowPlan(header, mapping: mapping, options: options, zones: zones)
          .template(empty: empty, limits: limits, place: place)
      }
      let outcome = try reader.readItems(
        &source, plan: plan, diagnoses: diagnoses, fits: { (try? plan($0)) != nil }
      ) { item, json in
        reading.items.append(item.checkingTag(of: content, "chunks of \(chunk)"))
        let text = json.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
        reading.texts.append(item.fault == nil ? text : "")
        if item.fault != nil { reading.leftovers.append(text) }
      }
      (reading.layout, reading.completeness) = (outcome.layout, outcome.completeness)
      (reading.fault, reading.warnings) = (outcome.fault, outcome.warnings)
    } catch let fault as FileFault {
      reading.fault = fault
    } catch {
      Issue.record(error)
    }
    return reading
  }
}

func readCSV(_ text: String) -> CSVReading { CSVReadingTerms().read(text) }
