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

  /// Writes the row whose cells are in `bytes` to `text`.
  ///
  /// - Parameter skipsBadCells: leaves out fields whose cells can't be converted: for a row that is rejected anyway.
  /// - Throws: an `ItemFault` that names the column.
  mutating func write(
    _ cells: Span<CSVCell>, in bytes: Span<UInt8>, skippingBadCells skipsBadCells: Bool = false
  ) throws(ItemFault) {
    text.truncate(to: 0)
    for step in template.steps {
      switch step.kind {
      case .string:
        let cell = cells[step.column]
        if cell.isEmpty {
          if !step.ifEmpty.isEmpty { appendMember(step.ifEmpty) }
          continue
        }
        if bytes.endOfPlainRun(from: cell.start, to: cell.end) == cell.end {
          appendMember(step.literal)
          text.append(bytes, cell.start..<cell.end)
          text.append(template.literals, step.suffix)
        } else {
          appendString(cell, in: bytes, step)
        }
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
        let begin = text.count
        do throws(ItemFault) {
          try appendConverted(cells[step.column], in: bytes, step, template.conversions[step.rule])
        } catch {
          guard skipsBadCells else { throw error }
          text.truncate(to: begin)
        }
      case .computed:
        appendComputed(cells, in: bytes, step, template.computed[step.rule])
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
  mutating func requestID(_ cells: Span<CSVCell>, in bytes: Span<UInt8>) throws(ItemFault) -> [UInt8]? {
    guard let requestID = template.requestID else { return nil }
    text.truncate(to: 0)
    if requestID.isComputed {
      return append(template.computed[requestID.rule], cells, in: bytes)
        ? Array(text.storage[..<text.count]) : nil
    }
    let conversion = template.conversions[requestID.rule]
    let hasText = try convert(cells[requestID.column], in: bytes, conversion)
    // Without the quotes.
    if hasText { return Array(text.storage[1..<text.count - 1]) }
    return conversion.jsonOfEmpty.map { Array($0.dropFirst().dropLast()) }
  }

  /// Appends a literal that begins with a comma; leaves the comma out if nothing precedes it.
  @inline(__always)
  private mutating func appendMember(_ literal: Range<Int>) {
    let last = text.last
    let isFirst = last == UInt8(ascii: "{") || last == UInt8(ascii: "[") || last == 0
    text.append(template.literals, isFirst ? literal.lowerBound &+ 1..<literal.upperBound : literal)
  }

  /// Writes the string of a cell that may need escapes, in its row or in JSON.
  @inline(never)
  private mutating func appendString(_ cell: CSVCell, in bytes: Span<UInt8>, _ step: RowTemplate.Step) {
    let content = CellText(cell, in: bytes, dialect)
    if content.isEmpty {
      if !step.ifEmpty.isEmpty { appendMember(step.ifEmpty) }
      return
    }
    appendMember(step.literal)
    content.withBytes(in: bytes) { text.appendEscaped($0, 0..<$0.count) }
    text.append(template.literals, step.suffix)
  }

  private mutating func appendConverted(
    _ cell: CSVCell, in bytes: Span<UInt8>, _ step: RowTemplate.Step, _ conversion: RowTemplate.Conversion
  ) throws(ItemFault) {
    let begin = text.count
    appendMember(step.literal)
    if try convert(cell, in: bytes, conversion) {
      text.append(template.literals, step.suffix)
      return
    }
    text.truncate(to: begin)
    if !step.ifEmpty.isEmpty { appendMember(step.ifEmpty) }
  }

  private mutating func appendComputed(
    _ cells: Span<CSVCell>, in bytes: Span<UInt8>, _ step: RowTemplate.Step, _ computed: RowTemplate.Computed
  ) {
    let begin = text.count
    appendMember(step.literal)
    if append(computed, cells, in: bytes) {
      text.append(template.literals, step.suffix)
      return
    }
    text.truncate(to: begin)
    if !step.ifEmpty.isEmpty { appendMember(step.ifEmpty) }
  }

  /// Appends the JSON value of a cell; false, and nothing appended, if the cell is empty or means "no value".
  private mutating func convert(
    _ cell: CSVCell, in bytes: Span<UInt8>, _ conversion: RowTemplate.Conversion
  ) throws(ItemFault) -> Bool {
    do throws(ItemFault) {
      if conversion.preparation != nil || CellText.isNeeded(for: cell, in: bytes) {
        return try convertPrepared(cell, in: bytes, conversion)
      }
      if cell.isEmpty { return false }
      try conversion.conversion.append(bytes.extracting(cell.start..<cell.end), to: &text)
      return true
    } catch {
      throw ItemFault(error.code, "column \(conversion.label.quoted): \(error.message)")
    }
  }

  @inline(never)
  private mutating func convertPrepared(
    _ cell: CSVCell, in bytes: Span<UInt8>, _ conversion: RowTemplate.Conversion
  ) throws(ItemFault) -> Bool {
    guard let content = CellText(cell, in: bytes, dialect, conversion.preparation) else {
      guard conversion.preparation?.isRequired == true else { return false }
      throw ItemFault(.missingField, "the cell has no value, but the mapping requires one")
    }
    try content.withBytes(in: bytes) { bytes throws(ItemFault) in
      try conversion.conversion.append(bytes, to: &text)
    }
    return true
  }

  /// Appends the content of a computed text; false, and nothing appended, if all its cells are empty.
  private mutating func append(
    _ computed: RowTemplate.Computed, _ cells: Span<CSVCell>, in bytes: Span<UInt8>
  ) -> Bool {
    let begin = text.count
    var isEmpty = true
    for part in computed.parts {
      switch part {
      case .text(let content): text.append(content)
      case .cell(let column, let preparation):
        guard let content = CellText(cells[column], in: bytes, dialect, preparation) else { continue }
        isEmpty = false
        content.withBytes(in: bytes) { text.appendEscaped($0, 0..<$0.count) }
      }
    }
    if isEmpty { text.truncate(to: begin) }
    return !isEmpty
  }
}
