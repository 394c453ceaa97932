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

/// The name of a batch in every engine: its file, and its place there.
///
/// Names sort in line order. A name is never used again: a part of a batch has a longer position than the batch, and
/// sorts into its place.
package struct BatchName: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var file: FileID
  /// Eight digits, and one more for each time that the batch was replaced by a part of it.
  package var position: String

  package init(file: FileID, position: String) {
    self.file = file
    self.position = position
  }

  /// The name of a file's batch number `ordinal`, from 1.
  package init(file: FileID, ordinal: Int) {
    let digits = String(ordinal)
    self.init(file: file, position: String(repeating: "0", count: max(0, 8 - digits.count)) + digits)
  }

  package static func < (a: BatchName, b: BatchName) -> Bool { (a.file, a.position) < (b.file, b.position) }

  /// The name of part number `index`, from 0.
  package func part(_ index: Int) -> BatchName { BatchName(file: file, position: position + String(index)) }

  package var description: String { "\(file)/\(position)" }
}

/// The limits of one request.
package struct BatchLimits: Sendable, Equatable {
  package var maxItems: Int
  /// Bytes of the whole body; an item that alone is larger is sent alone.
  package var maxBytes: Int

  /// Bytes that count in addition to those queued.
  package var framing: BodyFraming

  package init(maxItems: Int, maxBytes: Int, framing: BodyFraming = .array) {
    self.maxItems = maxItems
    self.maxBytes = maxBytes
    self.framing = framing
  }
}

/// How the pieces of a request form its body.
package struct BodyFraming: Sendable, Equatable {
  package var open: [UInt8]
  package var separator: [UInt8]
  package var close: [UInt8]

  package init(open: String, separator: String, close: String) {
    (self.open, self.separator, self.close) = (Array(open.utf8), Array(separator.utf8), Array(close.utf8))
  }

  package static let array = BodyFraming(open: "[", separator: ",", close: "]")
  package static let object = BodyFraming(open: "{", separator: ",", close: "}")

  /// Whether a body is queued as it is sent.
  ///
  /// Queued bodies have one byte in front, commas, and one byte at the end; all other bodies are built from their
  /// pieces when they are sent.
  package var isQueuedForm: Bool { open.count == 1 && separator == [UInt8(ascii: ",")] && close.count == 1 }

  /// The bytes around the pieces while they are queued.
  package var brackets: (open: UInt8, close: UInt8) {
    isQueuedForm ? (open[0], close[0]) : (UInt8(ascii: "["), UInt8(ascii: "]"))
  }

  /// How many bytes the body has in addition to those queued.
  package func bytesBeyondQueued(items: Int) -> Int {
    open.count + close.count - 2 + (separator.count - 1) * max(0, items - 1)
  }
}
