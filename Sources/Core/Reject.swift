/// How many items and requests a file has, by outcome.
package struct FileCounts: Sendable, Equatable {
  package var items = 0
  package var accepted = 0
  /// Part of `accepted`.
  package var unchanged = 0
  package var rejected = 0
  /// All that were sent.
  package var requests = 0

  package init() {}
}

/// An item that was rejected.
package struct Reject: Sendable, Equatable {
  package var item: Int
  package var line: Int
  /// Where it is in the dropped file, as its format counts; empty in a receipt, which does not have it.
  package var source: Range<Int>
  /// Human-readable.
  package var key: String?
  package var code: String
  package var message: String
  /// Of what is at `source`; nil if an older upsertd read the item.
  package var tag: SourceTag?

  package init(
    item: Int, line: Int, source: Range<Int> = 0..<0, key: String?, code: String, message: String, tag: SourceTag? = nil
  ) {
    self.item = item
    self.line = line
    self.source = source
    self.key = key
    self.code = code
    self.message = message
    self.tag = tag
  }

  package init(
    item: Int, line: Int, source: Range<Int>, key: String?, fault: ItemFault, tag: SourceTag? = nil
  ) {
    self.init(
      item: item, line: line, source: source, key: key, code: fault.code.rawValue, message: fault.message, tag: tag)
  }

  /// Why; of a code that this upsertd does not know, only the message.
  package var fault: ItemFault { ItemFault(RejectCode(rawValue: code) ?? .invalidItem, message) }

  /// An item that was queued.
  package init(_ item: BatchItem, key: String?, fault: ItemFault) {
    self.init(
      item: item.number, line: item.line, source: item.source, key: key, fault: fault, tag: item.tag)
  }
}

/// The name of a rejects file (`clients.01J….rejected.csv`), as it was written or as users' programs changed it
/// (`….rejected (1).csv`, `….rejected-fixed.csv`).
package struct RejectsFileName: Hashable, Sendable {
  /// The file whose rejects it holds. Of several ids, the last counts: that of a rejects file of a rejects file.
  package let corrects: FileID
  /// The first file's name without its extension (`clients`).
  package let stem: [UInt8]
  /// The name that the first file was dropped under, as far as it is known (`clients.csv`).
  ///
  /// Rejects are never compressed. Those of `clients.csv.gz` have the mark `-gz` (`clients.01J….rejected-gz.csv`) only
  /// where their name alone would lead to another route.
  package let original: [UInt8]

  /// Nil if `name` is not such a name.
  package init?(_ name: [UInt8]) {
    var first: Int?
    var last: (id: FileID, end: Int)?
    // Something comes before the dot in front of the id.
    var start = 1
    while start + Self.markLength <= name.count {
      let end = start + Self.markLength
      if name[start] == UInt8(ascii: "."), name[..<end].suffix(Self.word.count).elementsEqual(Self.word),
        end == name.count || !Self.isAlphanumeric(name[end]),
        let id = FileID(String(decoding: name[(start + 1)..<(end - Self.word.count)], as: UTF8.self))
      {
        first = first ?? start
        last = (id, end)
      }
      start += 1
    }
    guard let first, let last else { return nil }
    corrects = last.id
    stem = Array(name[..<first])
    let rest = name[last.end...]
    let isMarked = rest.starts(with: Self.gzipMark) && !(rest.dropFirst(3).first.map(Self.isAlphanumeric) ?? false)
    let ending = rest.firstIndex(of: UInt8(ascii: ".")).map { Array(name[$0...]) } ?? []
    original = stem + ending + (isMarked ? Self.gzipEnding : [])
  }

  /// The mark of a file whose rejects are for the route of compressed ones.
  package static let gzipMark = Array("-gz".utf8)
  package static let gzipEnding = Array(".gz".utf8)

  private static let word = Array(".rejected".utf8)
  /// A dot, an id and the word.
  private static let markLength = 1 + 26 + word.count

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }
}
