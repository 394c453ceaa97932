import Core
import JSONText

/// How a cell's text becomes a JSON value; never used for an empty cell.
enum CellConversion: Sendable {
  case string
  case number
  case boolean
  /// Strings separated by `;`.
  case list
  /// One JSON value, `depth` levels deep in the item.
  case json(depth: Int, ReaderLimits)
  case date(DatePattern)
  /// The JSON for each known text.
  case table([String: [UInt8]])

  /// - Parameter depth: levels of objects and arrays around the field.
  /// - Throws: `FileFault` if a table holds a value that its type can't be.
  init(_ type: CellType, date: DatePattern?, values: [String: String]?, depth: Int, limits: ReaderLimits)
    throws(FileFault)
  {
    let plain: CellConversion
    switch type {
    case .string: plain = date.map { .date($0) } ?? .string
    case .number: plain = .number
    case .boolean: plain = .boolean
    case .list: plain = .list
    case .json: plain = .json(depth: depth, limits)
    }
    if date != nil, type != .string {
      throw FileFault(.malformedCSV, "a date is written as a string, not as a \(type.rawValue)")
    }
    guard let values else {
      self = plain
      return
    }
    var table: [String: [UInt8]] = [:]
    for (key, value) in values {
      var text = RowText()
      do throws(ItemFault) {
        if value.isEmpty, type != .string || date != nil { throw ItemFault(.invalidValue, "the value is empty") }
        try plain.append(Array(value.utf8).span, to: &text)
      } catch {
        throw FileFault(.malformedCSV, "the value for \(key.quoted): \(error.message)")
      }
      table[key] = Array(text.storage[..<text.count])
    }
    self = .table(table)
  }

  /// The value of an empty cell if a table defines one.
  var jsonOfEmpty: [UInt8]? {
    if case .table(let table) = self { table[""] } else { nil }
  }

  /// Appends the JSON value of the cell `bytes`.
  ///
  /// - Throws: an `ItemFault` that does not name the column.
  func append(_ bytes: Span<UInt8>, to text: inout RowText) throws(ItemFault) {
    switch self {
    case .string:
      text.append(Ascii.quote)
      text.appendEscaped(bytes, 0..<bytes.count)
      text.append(Ascii.quote)
    case .number:
      guard isJSONNumber(bytes) else { throw fault(bytes, "is not a JSON number (such as -12.50)") }
      text.append(bytes, 0..<bytes.count)
    case .boolean:
      switch String(copying: bytes).lowercased() {
      case "true": text.append(Array("true".utf8))
      case "false": text.append(Array("false".utf8))
      default: throw fault(bytes, "is neither true nor false")
      }
    case .list:
      text.append(UInt8(ascii: "["))
      var start = 0
      for at in 0...bytes.count where at == bytes.count || bytes[at] == UInt8(ascii: ";") {
        if start > 0 { text.append(UInt8(ascii: ",")) }
        text.append(Ascii.quote)
        text.appendEscaped(bytes, start..<at)
        text.append(Ascii.quote)
        start = at + 1
      }
      text.append(UInt8(ascii: "]"))
    case .json(let depth, let limits):
      text.append(bytes, try jsonValue(bytes, depth: depth, limits))
    case .date(let pattern):
      guard let date = pattern.rfc3339(bytes) else { throw fault(bytes, "is not a date of the form \(pattern.text)") }
      text.append(Ascii.quote)
      text.append(date)
      text.append(Ascii.quote)
    case .table(let table):
      guard let json = table[String(copying: bytes)] else {
        let known = table.keys.sorted().prefix(20).map(\.quoted).joined(separator: ", ")
        throw fault(bytes, "is not one of the mapping's values (\(known)\(table.count > 20 ? ", …" : ""))")
      }
      text.append(json)
    }
  }

  /// The range of the single JSON value in `bytes`, without the space around it.
  private func jsonValue(_ bytes: Span<UInt8>, depth: Int, _ limits: ReaderLimits) throws(ItemFault) -> Range<Int> {
    let start = afterSpace(bytes, from: 0)
    var scanner = JSONScanner()
    let end: Int
    do throws(JSONFault) {
      if let found = try scanner.scan(bytes, from: start) {
        end = found
      } else {
        try scanner.finish()
        end = bytes.count
      }
    } catch {
      throw fault(bytes, "is not JSON: \(error.reason)")
    }
    guard afterSpace(bytes, from: end) == bytes.count else { throw fault(bytes, "is more than one JSON value") }
    guard depth + scanner.deepest <= limits.maxNesting else { throw .tooDeep(depth + scanner.deepest, limits) }
    return start..<end
  }

  private func fault(_ bytes: Span<UInt8>, _ reason: String) -> ItemFault {
    ItemFault(.invalidValue, "\(String(copying: bytes).quoted) \(reason)")
  }
}

/// Whether `bytes` are exactly one number as in RFC 8259, section 6.
private func isJSONNumber(_ bytes: Span<UInt8>) -> Bool {
  var at = 0
  func digits() -> Int {
    let start = at
    while at < bytes.count, bytes[at] &- UInt8(ascii: "0") < 10 { at += 1 }
    return at - start
  }
  func take(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }
  _ = take(UInt8(ascii: "-"))
  if !take(UInt8(ascii: "0")), digits() == 0 { return false }
  if take(UInt8(ascii: ".")), digits() == 0 { return false }
  if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
    if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
    if digits() == 0 { return false }
  }
  return at == bytes.count
}

extension String {
  /// Takes bytes that are known to be UTF-8.
  init(copying bytes: Span<UInt8>) {
    self = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }
}
