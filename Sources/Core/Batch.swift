/// Items in the order in which they are sent, and the request body that they form.
package struct Batch: Sendable, Equatable {
  package var items: [BatchItem]
  /// The body as sent: the opening byte, the pieces separated by commas, the closing byte.
  package var body: [UInt8]

  package init(items: [BatchItem], body: [UInt8]) {
    self.items = items
    self.body = body
  }

  /// The range of each item's piece in the body; nil if the two do not fit together, which means that the outbox is
  /// damaged.
  package var pieces: [Range<Int>]? {
    var ranges: [Range<Int>] = []
    ranges.reserveCapacity(items.count)
    var start = 1
    for item in items {
      ranges.append(start..<start + item.pieceLength)
      start += item.pieceLength + 1
    }
    return start == body.count || (items.isEmpty && body.count == 2) ? ranges : nil
  }

  /// The batch with only the items whose index satisfies `isIncluded`.
  package func filtered(_ isIncluded: (Int) -> Bool) -> Batch {
    guard let pieces, let open = body.first, let close = body.last else { return self }
    var part = Batch(items: [], body: [open])
    for (index, item) in items.enumerated() where isIncluded(index) {
      if !part.items.isEmpty { part.body.append(UInt8(ascii: ",")) }
      part.items.append(item)
      part.body += body[pieces[index]]
    }
    part.body.append(close)
    return part
  }

  /// The first and the second half, in order.
  package var halves: (Batch, Batch) {
    let middle = items.count / 2
    return (filtered { $0 < middle }, filtered { $0 >= middle })
  }
}
