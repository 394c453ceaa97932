import Core

/// Writes rows as items, following a template.
struct RowWriter {
  private let template: RowTemplate
  private let dialect: CSVDialect
  private let limits: ReaderLimits
  /// The last item written.
  private(set) var text = RowText()
  /// By depth: where each open container begins, and where its members begin.
  private var begins: [Int]
  private var members: [Int]

  init(_ template: RowTemplate, _ dialect: CSVDialect, limits: ReaderLimits) {
    self.template = template
    self.dialect = dialect
    self.limits = limits
    begins = [Int](repeating: 0, count: template.deepest + 1)
    members = begins
  }

  /// Writes the row whose cells are in `buffer` to `text`.
  ///
  /// - Throws: an `ItemFault` that names the column.
  mutating func write(_ cells: [CSVCell], in buffer: [UInt8]) throws(ItemFault) {
    let bytes = buffer.span
    text.truncate(to: 0)
    for step in template.steps {
      switch step.kind {
      case .string:
        let cell = cells[step.column]
        if cell.isEmpty {
          if !step.ifEmpty.isEmpty { appendMember(step.ifEmpty) }
          continue
        }
        appendMember(step.literal)
        if cell.hasEscapes {
          let plain = cell.text(in: bytes, dialect)
          text.appendEscaped(plain.span, 0..<plain.count)
        } else {
          text.appendEscaped(bytes, cell.start..<cell.end)
        }
        text.append(template.literals, step.suffix)
      case .open:
        begins[step.depth] = text.count
        appendMember(step.literal)
        members[step.depth] = text.count
      case .close:
        if text.count > members[step.depth] || step.depth == 0 {
          text.append(template.literals, step.literal)
        } else {
          text.truncate(to: begins[step.depth])
        }
      case .constant:
        appendMember(step.literal)
      case .companion:
        if text.count > members[step.depth - 1] { appendMember(step.literal) }
      case .converted:
        let cell = cells[step.column]
        if cell.isEmpty {
          if !step.ifEmpty.isEmpty { appendMember(step.ifEmpty) }
          continue
        }
        appendMember(step.literal)
        try convert(cell, in: bytes, template.conversions[step.conversion])
        text.append(template.literals, step.suffix)
      }
      // One column may fill many fields: a row within the limit could become many times as long. Open containers may
      // still be removed, but those never exceed the total of all literals.
      if text.count > limits.maxItemBytes + template.literals.count { break }
    }
    guard text.count <= limits.maxItemBytes else { throw .tooLarge(limits) }
  }

  /// The request id as JSON string content; nil if no column holds it, or its cell is empty.
  ///
  /// - Throws: an `ItemFault` that names the column.
  mutating func requestID(_ cells: [CSVCell], in buffer: [UInt8]) throws(ItemFault) -> [UInt8]? {
    guard let requestID = template.requestID else { return nil }
    let cell = cells[requestID.column]
    if cell.isEmpty {
      return requestID.conversion.conversion.jsonOfEmpty.map { Array($0.dropFirst().dropLast()) }
    }
    text.truncate(to: 0)
    try convert(cell, in: buffer.span, requestID.conversion)
    return Array(text.storage[1..<text.count - 1])
  }

  /// Appends a literal that begins with a comma; leaves the comma out if nothing precedes it.
  @inline(__always)
  private mutating func appendMember(_ literal: Range<Int>) {
    let last = text.last
    let isFirst = last == UInt8(ascii: "{") || last == UInt8(ascii: "[") || last == 0
    text.append(template.literals, isFirst ? literal.lowerBound &+ 1..<literal.upperBound : literal)
  }

  private mutating func convert(
    _ cell: CSVCell, in bytes: Span<UInt8>, _ conversion: RowTemplate.Conversion
  ) throws(ItemFault) {
    do throws(ItemFault) {
      if cell.hasEscapes {
        let plain = cell.text(in: bytes, dialect)
        try conversion.conversion.append(plain.span, to: &text)
      } else {
        try conversion.conversion.append(bytes.extracting(cell.start..<cell.end), to: &text)
      }
    } catch {
      throw ItemFault(error.code, "column \(conversion.label.quoted): \(error.message)")
    }
  }
}
