internal import APIs
internal import Core
package import Formats
internal import JSONText

/// What a JSON or NDJSON file looks like.
package struct JSONInspection: Sendable {
  /// By its content, whatever its name.
  package private(set) var kind = FormatKind.json
  package private(set) var shape = DocumentShape.array
  /// How many items the sample has; those of a file that is longer are not all counted.
  package private(set) var items = 0
  /// The members of the items' outermost object, in the order in which they first appear.
  private(set) var members: [Member] = []
  /// The API that all items fit; nil if they fit none, or not the same.
  private(set) var api: APIKind?
  /// What is wrong with the file or with items, each with its place.
  private(set) var faults: [String] = []
  private(set) var faultCount = 0
  private(set) var unsure: [String] = []

  struct Member: Sendable {
    var name: String
    /// `text`, `number`, `object` and so on, in the order in which they first appear.
    var kinds: [String] = []
    var count = 0
    var samples: [String] = []
  }

  private static let mostMembers = 60
  private static let mostItems = 10_000
  private static let mostFaults = 5

  /// Whether text in UTF-8 is meant to be JSON.
  static func isJSON(_ bytes: [UInt8]) -> Bool {
    var head = bytes[...]
    if head.starts(with: [0xEF, 0xBB, 0xBF]) { head = head.dropFirst(3) }
    let start = head.prefix(4096).drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    guard let first = start.first, first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return false }
    let next = start.dropFirst().first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    switch first {
    case UInt8(ascii: "{"): return next == Ascii.quote || next == UInt8(ascii: "}") || next == nil
    // A CSV may begin with a cell such as `[x]`.
    default: return next.map { Array("{[]\"".utf8).contains($0) } ?? true
    }
  }

  init(_ sample: FileSample) {
    kind = Self.isLines(sample) ? .ndjson : .json
    var kinds: [APIKind?] = []
    var wrapped: [String] = []
    do {
      shape = Self.likelyShape(sample.head, kind)
      let found = try Self.read(sample, kind) { [mostMembers = Self.mostMembers] item, bytes in
        items += 1
        guard item.fault == nil, !bytes.isEmpty, items <= Self.mostItems else { return }
        kinds.append(APIKind.classify(bytes))
        if items == 1, kind == .json { wrapped = Self.arrays(in: bytes) }
        note(bytes, most: mostMembers)
      }
      shape = found
    } catch let fault as FileFault {
      if sample.isWhole || items == 0, fault.code != .emptyFile { add(fault) }
    } catch {
      faults.append("\(error)")
    }
    if let first = kinds.first, kinds.allSatisfy({ $0 == first }) { api = first }
    if Set(kinds).count > 1 {
      unsure.append("what the items are: some fit one API, others another or none")
    }
    if items == 1, api == nil, shape == .single, !wrapped.isEmpty {
      let names = wrapped.map(\.quotedOnOneLine).joined(separator: ", ")
      unsure.append(
        "whether the items are in \(names): upsertd takes the whole file for one item; an array of items must be the "
          + "outermost value")
    }
    if !sample.isWhole { unsure.append("what the rest of the file holds: only its first MiB was looked at") }
  }

  /// Tries the items with the API's own checks.
  mutating func check(_ sample: FileSample, _ target: any TargetAPI) {
    var piece: [UInt8] = []
    _ = try? Self.read(sample, kind) { item, bytes in
      guard item.number <= Self.mostItems else { return }
      do throws(ItemFault) {
        if let fault = item.fault { throw fault }
        piece.removeAll(keepingCapacity: true)
        _ = try target.prepare(bytes, number: item.number, requestID: item.requestID, into: &piece)
      } catch {
        faultCount += 1
        guard faults.count < Self.mostFaults else { return }
        faults.append("item \(item.number), line \(item.line): \(error.code.rawValue): \(error.message)".shown(200))
      }
    }
  }

  private mutating func add(_ fault: FileFault) {
    let place = fault.line.map { "line \($0)" + (fault.column.map { ", column \($0)" } ?? "") + ": " } ?? ""
    faults.append("\(place)\(fault.code.rawValue): \(fault.message)".shown(200))
    faultCount += 1
  }

  /// Whether each line is a value of its own.
  private static func isLines(_ sample: FileSample) -> Bool {
    let lines = SampleText.lines(sample.head, most: 200).map(\.text).filter { !$0.allSatisfy { $0 == 0x20 } }
    guard var first = lines.first else { return false }
    if first.starts(with: [0xEF, 0xBB, 0xBF]) { first = first.dropFirst(3) }
    let isObject = first.first { $0 != 0x20 } == UInt8(ascii: "{")
    guard isObject, (try? JSONValue.parse(Array(first))) != nil else { return false }
    return lines.count > 1 || sample.name.lowercased().contains(".ndjson")
      || sample.name.lowercased().contains(".jsonl")
  }

  /// What the first byte shows; the reader knows it only at the end, which a sample may not have.
  private static func likelyShape(_ head: [UInt8], _ kind: FormatKind) -> DocumentShape {
    if kind == .ndjson { return .lines }
    let first = head.first { ![0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return first == UInt8(ascii: "[") ? .array : .single
  }

  private static func read(
    _ sample: FileSample, _ kind: FormatKind, each: (RawItem, Span<UInt8>) throws -> Void
  ) throws -> DocumentShape {
    var source = SampleBytes(sample.head)
    if kind == .ndjson {
      if !sample.isWhole { source.cutToLine() }
      _ = try NDJSONReader(limits: ReaderLimits()).readItems(&source, each: each)
      return .lines
    }
    let apis = APIs.all.map { $0.makeAPI(APIOptions()) }
    let objects = ObjectShape(
      itemMembers: apis.flatMap(\.itemMembers), idsAllowed: isMapOfObjects(sample.head))
    return try JSONReader(limits: ReaderLimits(), objects: objects).readItems(&source, each: each)
  }

  /// Whether the outermost object's first value is an object: only then its names may be request ids.
  private static func isMapOfObjects(_ bytes: [UInt8]) -> Bool {
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return false }
    return bytes[(colon + 1)...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
  }

  /// The names of an object's members that are arrays of objects.
  private static func arrays(in bytes: Span<UInt8>) -> [String] {
    var names: [String] = []
    guard bytes.count > 0, JSONText.kind(of: bytes, at: afterSpace(bytes, from: 0)) == .object else { return [] }
    forEachMember(of: bytes, in: 0..<bytes.count) { member in
      guard member.kind == .array else { return }
      let inside = afterSpace(bytes, from: member.value.lowerBound + 1)
      if inside < bytes.count, bytes[inside] == UInt8(ascii: "{") { names.append(stringContent(bytes, member.name)) }
    }
    return names
  }

  private mutating func note(_ bytes: Span<UInt8>, most: Int) {
    let start = afterSpace(bytes, from: 0)
    guard JSONText.kind(of: bytes, at: start) == .object else { return }
    var found: [(name: String, kind: String, text: String?)] = []
    forEachMember(of: bytes, in: 0..<bytes.count) { member in
      guard found.count < most else { return }
      let text: String? =
        switch member.kind {
        case .string:
          stringContent(
            bytes, member.value.lowerBound + 1..<min(member.value.upperBound - 1, member.value.lowerBound + 200))
        case .number: stringContent(bytes, member.value)
        default: nil
        }
      found.append((stringContent(bytes, member.name), Self.title(member.kind), text))
    }
    for (name, kind, text) in found {
      let index: Int
      if let known = members.firstIndex(where: { $0.name == name }) {
        index = known
      } else {
        guard members.count < most else { continue }
        members.append(Member(name: name))
        index = members.count - 1
      }
      members[index].count += 1
      if !members[index].kinds.contains(kind) { members[index].kinds.append(kind) }
      if let text, members[index].samples.count < 3, !members[index].samples.contains(text) {
        members[index].samples.append(text)
      }
    }
  }

  private static func title(_ kind: JSONKind) -> String {
    switch kind {
    case .object: "object"
    case .array: "array"
    case .string: "text"
    case .number: "number"
    case .true, .false: "boolean"
    case .null: "null"
    }
  }
}

/// A sample's bytes for the readers of dropped files.
private struct SampleBytes: ByteSource, ~Copyable {
  private var bytes: [UInt8]
  private var at = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Drops an incomplete last line.
  mutating func cutToLine() {
    if let last = bytes.lastIndex(of: Ascii.lineFeed) { bytes.removeSubrange((last + 1)...) }
  }

  mutating func read(upTo count: Int, into buffer: inout [UInt8]) {
    let end = min(bytes.count, at + count)
    buffer += bytes[at..<end]
    at = end
  }
}
