import Core

/// Makes items of rows. A row that looks like another header row is flagged.
struct RowDecoder: ItemDecoder {
  let template: RowTemplate
  let header: CSVHeader
  let limits: ReaderLimits
  let key: SourceKey?
  /// What is wrong with a flagged row; see `SecondHeader.cause`.
  let headerCause: String

  func decode(_ block: ItemBlock, each: (RawItem, Span<UInt8>) throws -> Void) rethrows {
    var writer = RowWriter(template, header.dialect, limits: limits)
    let bytes = block.bytes.span
    for index in block.items.indices {
      var item = block.item(index, taggedWith: key)
      let cells = block.cells.span.extracting(block.cells(of: index))
      // Too large: nothing of it was kept.
      var isReadable = item.fault == nil
      if isReadable {
        do throws(ItemFault) {
          if block.cellCount(of: index) != header.width || header.namelessColumns > 0 {
            try check(cells, count: block.cellCount(of: index))
          }
          item.requestID = try writer.requestID(cells, in: bytes)
          try writer.write(cells, in: bytes)
        } catch {
          item.fault =
            block.isFlagged(index) ? ItemFault(error.code, "\(error.message); \(headerCause)") : error
          isReadable = writeWhatIsGood(cells, in: bytes, &writer)
        }
      }
      try each(item, writer.text.storage.span.extracting(first: isReadable ? writer.text.count : 0))
    }
  }

  /// The item without the fields of bad cells, so that its key can be reported. In a row with too few or too many cells,
  /// the cells count from the left.
  private func writeWhatIsGood(_ cells: Span<CSVCell>, in bytes: Span<UInt8>, _ writer: inout RowWriter) -> Bool {
    let missing = CSVCell(start: 0, end: 0, isQuoted: false, hasEscapes: false)
    let all = (0..<max(header.width, cells.count)).map { $0 < cells.count ? cells[$0] : missing }
    do throws(ItemFault) {
      try writer.write(all.span, in: bytes, skippingBadCells: true)
      return true
    } catch {
      return false
    }
  }

  private func check(_ cells: Span<CSVCell>, count: Int) throws(ItemFault) {
    let named = header.width - header.namelessColumns
    guard (named...header.width).contains(count) else {
      throw ItemFault(
        .wrongColumnCount,
        "the row has \(count) \(count == 1 ? "column" : "columns"), but the header has \(named)")
    }
    for index in named..<max(named, cells.count) where !cells[index].isEmpty {
      throw ItemFault(
        .wrongColumnCount, "the row has a value in column \(index + 1), which has no name in the header")
    }
  }
}
