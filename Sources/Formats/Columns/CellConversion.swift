import Core
import JSONText

/// How a cell's text becomes a JSON value; used for an empty text only where a table may know it.
enum CellConversion: Sendable {
  case string
  /// A JSON number.
  case number
  /// A number of another form.
  case writtenNumber(NumberReader)
  case boolean
  /// Strings separated by `;`.
  case list
  /// One JSON value, `depth` levels deep in the item.
  case json(depth: Int, ReaderLimits)
  case date(DateConversion)
  /// The JSON for each known text.
  case table([String: [UInt8]])
  /// Another text for each known one, which `then` converts; `first`, if there is one, comes before the lookup.
  indirect case lookup(first: [String: String]?, ColumnMapping.Lookup, then: CellConversion)

  /// Appends the JSON value of the text `bytes`.
  ///
  /// - Throws: an `ItemFault` that does not name the column.
  func append(_ bytes: Span<UInt8>, to text: inout RowText) throws(ItemFault) {
    switch self {
    case .string:
      text.append(Ascii.quote)
      text.appendEscaped(bytes, 0..<bytes.count)
      text.append(Ascii.quote)
    case .number:
      guard isJSONNumber(bytes) else { throw fault(bytes, "is not a JSON number (such as -12.50)\(Self.hint(bytes))") }
      text.append(bytes, 0..<bytes.count)
    case .writtenNumber(let reader):
      guard reader.append(bytes, to: &text) else { throw fault(bytes, "is not a \(reader.description)") }
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
    case .date(let conversion):
      try conversion.append(bytes, to: &text)
    case .table(let table):
      guard let json = table[String(copying: bytes)] else { throw notKnown(bytes, table.keys) }
      text.append(json)
    case .lookup(let first, let lookup, let conversion):
      var key = String(copying: bytes)
      if let first {
        guard let value = first[key] else { throw notKnown(bytes, first.keys) }
        key = value
      }
      guard let value = lookup.values[key] else {
        throw ItemFault(.invalidValue, "\(key.quoted) is not in \(lookup.path)")
      }
      try conversion.append(Array(value.utf8).span, to: &text)
    }
  }

  /// The JSON value of `text`.
  ///
  /// - Throws: an `ItemFault` that does not name the column.
  func json(of text: String) throws(ItemFault) -> [UInt8] {
    var json = RowText()
    try append(Array(text.utf8).span, to: &json)
    return Array(json.storage[..<json.count])
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

  /// What helps if a number is written with a decimal comma; empty if it is not.
  private static func hint(_ bytes: Span<UInt8>) -> String {
    let text = String(copying: bytes)
    let isNumber =
      text.contains(where: \.isNumber) && text.allSatisfy { $0.isNumber || "+-., '’\u{A0}\u{202F}".contains($0) }
    guard isNumber, let comma = text.firstIndex(of: ","), text[comma...].dropFirst().allSatisfy(\.isNumber) else {
      return ""
    }
    return ": for a decimal comma, set decimal: \",\" and, with grouped digits, grouping"
  }

  private func notKnown(_ bytes: Span<UInt8>, _ keys: some Collection<String>) -> ItemFault {
    let known = keys.sorted().prefix(20).map(\.quoted).joined(separator: ", ")
    return fault(bytes, "is not one of the mapping's values (\(known)\(keys.count > 20 ? ", …" : ""))")
  }

  private func fault(_ bytes: Span<UInt8>, _ reason: String) -> ItemFault {
    ItemFault(.invalidValue, "\(String(copying: bytes).quoted) \(reason)")
  }
}

extension String {
  /// Takes bytes that are known to be UTF-8.
  init(copying bytes: Span<UInt8>) {
    self = bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }
}
