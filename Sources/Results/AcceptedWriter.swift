internal import Core
internal import Engine
internal import Formats
internal import Outbox
internal import Spool

/// Writes what became of a file's accepted items as a CSV, in the file's order.
///
/// All of it is in the outbox, a packed blob for each settled batch, so the same file gives the same bytes however often it
/// is written. Memory holds the blobs whose items lie side by side in the file: batches are filled a few at a time, so
/// there are only a few.
struct AcceptedWriter {
  let outbox: Outbox
  let id: FileID
  /// Called for each batch; an error that it throws ends the writing.
  let onProgress: () throws -> Void

  /// Blobs that are read at once.
  private static let pageSize = 16
  /// What is appended to the file at once.
  private static let pieceBytes = 32 << 10

  /// A batch of which items are still to be written.
  private struct Open {
    var reader: AcceptedItemReader
    /// The cells that all its items share, each with the comma behind it.
    var cells: [UInt8]
    var next: Int { reader.item.number }
  }

  /// Leaves publishing to the caller.
  ///
  /// - Returns: SHA-256 of the file's bytes, in hexadecimal.
  /// - Throws: `InboxError`, `OutboxError`, and errors of `onProgress`.
  func write(to result: ResultFile) throws -> String {
    var digest = Digest()
    var lines = AcceptedCSV.header
    func flush() throws {
      digest.update(lines.span)
      try result.append(lines)
      lines.removeAll(keepingCapacity: true)
    }
    let positions = try outbox.settledPositions(id)
    var page = try outbox.accepted(id, after: .min, limit: Self.pageSize)[...]
    var open: [Open] = []
    while true {
      if let batch = page.first, open.allSatisfy({ batch.first < $0.next }) {
        try onProgress()
        page = page.dropFirst()
        if page.isEmpty { page = try outbox.accepted(id, after: batch.first, limit: Self.pageSize)[...] }
        var opened = Open(
          reader: AcceptedItemReader(batch.items), cells: Self.cells(of: batch, number: Self.number(batch, positions)))
        if try advance(&opened, batch.first) { open.append(opened) }
        continue
      }
      guard let place = open.indices.min(by: { open[$0].next < open[$1].next }) else { break }
      // The others, and what is still to be read, begin behind this.
      let end = open.indices.lazy.filter { $0 != place }.map { open[$0].next }.min() ?? .max
      let limit = min(end, page.first?.first ?? .max)
      var isOver = false
      repeat {
        Self.append(open[place].reader.item, open[place].cells, to: &lines)
        if lines.count >= Self.pieceBytes { try flush() }
        isOver = try !advance(&open[place], open[place].next)
      } while !isOver && open[place].next < limit
      if isOver { open.remove(at: place) }
    }
    try flush()
    return digest.hexadecimal
  }

  /// Reads the next item; false if there is none.
  private func advance(_ open: inout Open, _ item: Int) throws(OutboxError) -> Bool {
    switch open.reader.next() {
    case .item: return true
    case .end: return false
    case .damaged:
      throw OutboxError(
        .damaged, path: outbox.path, reason: "the outcomes of file \(id) can't be read from item \(item) on")
    }
  }

  /// The batch's number in the receipt.
  private static func number(_ batch: AcceptedBatch, _ positions: [String]) -> Int {
    var (low, high) = (0, positions.count)
    while low < high {
      let middle = (low + high) / 2
      if positions[middle] < batch.position { low = middle + 1 } else { high = middle }
    }
    return low + 1
  }

  private static func cells(of batch: AcceptedBatch, number: Int) -> [UInt8] {
    var cells = Array("\(number),".utf8)
    for text in [batch.requestID, batch.sentAt?.description, batch.answeredAt?.description] {
      AcceptedCSV.append(Array((text ?? "").utf8), to: &cells)
      cells.append(UInt8(ascii: ","))
    }
    return cells
  }

  private static func append(_ item: AcceptedItem, _ shared: [UInt8], to lines: inout [UInt8]) {
    append(decimal: item.number, to: &lines)
    lines.append(UInt8(ascii: ","))
    append(decimal: item.line, to: &lines)
    lines.append(UInt8(ascii: ","))
    AcceptedCSV.append(item.key, to: &lines)
    lines.append(UInt8(ascii: ","))
    lines.append(contentsOf: shared)
    lines.append(contentsOf: item.isUnchanged ? unchanged : accepted)
    AcceptedCSV.append(item.recordID, to: &lines)
    lines.append(UInt8(ascii: ","))
    AcceptedCSV.append(item.recordVersion, to: &lines)
    lines.append(UInt8(ascii: "\n"))
  }

  /// A String for each number would take longer than the rest of the line.
  private static func append(decimal value: Int, to lines: inout [UInt8]) {
    guard value >= 0 else { return lines.append(contentsOf: String(value).utf8) }
    var (rest, digits) = (value, 0)
    repeat {
      lines.append(UInt8(ascii: "0") + UInt8(rest % 10))
      (rest, digits) = (rest / 10, digits + 1)
    } while rest > 0
    // They are there the other way round.
    var (first, last) = (lines.count - digits, lines.count - 1)
    while first < last {
      lines.swapAt(first, last)
      (first, last) = (first + 1, last - 1)
    }
  }

  private static let accepted = Array("accepted,".utf8)
  private static let unchanged = Array("unchanged,".utf8)
}
