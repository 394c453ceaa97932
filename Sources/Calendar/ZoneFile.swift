import Core

/// The content of a time zone file (TZif, RFC 8536 and RFC 9636): changes of the offset, and the rule for later times.
struct ZoneFile {
  /// A larger file is not a time zone: those of tzdata have at most 4 KiB.
  static let maxBytes = 65_536
  /// RFC 8536, 3.2: from -24:59:59 to 25:59:59.
  static let offsets: ClosedRange<Int64> = -89_999...93_599

  /// Before the first change, and always if there is neither a change nor a rule.
  private(set) var initial: Int64 = 0
  /// In ascending order.
  private(set) var changes: [OffsetChange] = []
  /// For times from the last change on; without changes, for all times.
  private(set) var rule: RecurringRule?

  struct Fault: Error {
    /// Continues a sentence: `is damaged: …`.
    var reason: String
  }

  init(_ bytes: [UInt8]) throws(Fault) {
    var reader = ByteReader(bytes: bytes)
    var header = try Header(&reader)
    guard header.version != 0 else {
      try readBlock(header, timeBytes: 4, &reader)
      return
    }
    // The first block is for old readers: 32-bit times, without a rule.
    try reader.skip(header.blockBytes(timeBytes: 4))
    header = try Header(&reader)
    try readBlock(header, timeBytes: 8, &reader)
    try readRule(&reader)
  }

  private mutating func readBlock(_ header: Header, timeBytes: Int, _ reader: inout ByteReader) throws(Fault) {
    guard header.types > 0 else { throw Fault(reason: "is damaged: it has no offset") }
    guard header.leaps == 0 else {
      throw Fault(reason: "counts leap seconds, which upsertd does not: leave out \"right/\"")
    }
    let times = try (0..<header.times).map { _ throws(Fault) in try reader.number(bytes: timeBytes) }
    let types = try (0..<header.times).map { _ throws(Fault) in Int(try reader.byte()) }
    let offsets = try (0..<header.types).map { _ throws(Fault) in
      let offset = try reader.number(bytes: 4)
      try reader.skip(2)
      guard Self.offsets.contains(offset) else { throw Fault(reason: "is damaged: an offset is longer than a day") }
      return offset
    }
    guard zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }), types.allSatisfy({ offsets.indices.contains($0) })
    else { throw Fault(reason: "is damaged: its changes are not in order") }
    try reader.skip(header.blockBytes(timeBytes: timeBytes) - header.times * (timeBytes + 1) - header.types * 6)
    initial = offsets[0]
    changes = zip(times, types).map { time, type in
      // Within what milliseconds can express. Some files begin at the Big Bang.
      OffsetChange(second: min(max(time, -1 << 52), 1 << 52), offset: offsets[type])
    }
  }

  /// A line of its own at the end, which may be empty.
  private mutating func readRule(_ reader: inout ByteReader) throws(Fault) {
    let newline = UInt8(ascii: "\n")
    let rest = reader.rest
    guard rest.first == newline, let end = rest.dropFirst().firstIndex(of: newline) else {
      throw Fault(reason: "is damaged: its last line is missing")
    }
    let text = rest[(rest.startIndex + 1)..<end]
    if text.isEmpty { return }
    guard let rule = RecurringRule(text) else {
      throw Fault(reason: "has a rule that can't be read: \"\(String(decoding: text, as: UTF8.self).onOneLine)\"")
    }
    self.rule = rule
  }

  private struct Header {
    /// 0 for the first version, else its digit.
    var version: UInt8
    var types: Int
    var times: Int
    var leaps: Int
    private var characters: Int
    private var standardFlags: Int
    private var utcFlags: Int

    init(_ reader: inout ByteReader) throws(Fault) {
      guard try reader.take(4).elementsEqual("TZif".utf8) else { throw Fault(reason: "is not the file of a time zone") }
      version = try reader.byte()
      try reader.skip(15)
      utcFlags = try reader.count()
      standardFlags = try reader.count()
      leaps = try reader.count()
      times = try reader.count()
      types = try reader.count()
      characters = try reader.count()
    }

    func blockBytes(timeBytes: Int) -> Int {
      times * (timeBytes + 1) + types * 6 + characters + leaps * (timeBytes + 4) + standardFlags + utcFlags
    }
  }

  private struct ByteReader {
    var bytes: [UInt8]
    private var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var rest: ArraySlice<UInt8> { bytes[at...] }

    mutating func take(_ count: Int) throws(Fault) -> ArraySlice<UInt8> {
      guard count <= bytes.count - at else { throw Fault(reason: "is damaged: it ends too early") }
      at += count
      return bytes[at - count..<at]
    }

    mutating func skip(_ count: Int) throws(Fault) { _ = try take(count) }

    mutating func byte() throws(Fault) -> UInt8 { UInt8(truncatingIfNeeded: try number(bytes: 1)) }

    /// Big-endian, in two's complement.
    mutating func number(bytes count: Int) throws(Fault) -> Int64 {
      let value = try take(count).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      let unused = 64 - count * 8
      return Int64(bitPattern: value << unused) >> unused
    }

    /// A number of things that take at least a byte each.
    mutating func count() throws(Fault) -> Int {
      let count = Int(truncatingIfNeeded: try number(bytes: 4))
      guard (0...ZoneFile.maxBytes).contains(count) else { throw Fault(reason: "is damaged: a count is impossible") }
      return count
    }
  }
}
