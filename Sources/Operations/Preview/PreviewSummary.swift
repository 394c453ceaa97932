package import Core
internal import Engine
internal import JSONText

/// What a file would become, in short: how much would be sent, what would be rejected and why, and how its first items
/// would be sent.
package struct PreviewSummary: Sendable, Equatable {
  /// The file's name, as people read it.
  package var name = ""
  /// As dropped.
  package var bytes = 0
  package var format: String?
  package var inbox = ""
  /// Nil if no target is known.
  package var target: Target?
  package var items = 0
  package var rejected = 0
  /// Requests, if each is answered at once.
  package var requests = 0
  /// In the order in which they first occur.
  package private(set) var codes: [CodeCount] = []
  /// The first `mostRejects` of them.
  package private(set) var rejects: [Reject] = []
  /// The first `mostItems` that would be sent.
  package private(set) var firstItems: [Item] = []
  package var warnings: [FileWarning] = []
  package var completeness: Completeness?
  /// The side file that the file would wait for.
  package var missingSideFile: String?
  /// Why the file would be rejected as a whole.
  package var fault: FileFault?

  package struct Target: Sendable, Equatable {
    package var name: String
    package var api: String
    /// The complete URL of its requests.
    package var url: String

    package init(name: String, api: String, url: String) {
      (self.name, self.api, self.url) = (name, api, url)
    }
  }

  package struct CodeCount: Sendable, Equatable {
    package var code: String
    package var count: Int
    package var first: Reject
  }

  /// An item as it would be sent: in a request of its own.
  package struct Item: Sendable, Equatable {
    package var number: Int
    package var line: Int
    package var body: [UInt8]

    package init(number: Int, line: Int, body: [UInt8]) {
      (self.number, self.line, self.body) = (number, line, body)
    }
  }

  /// As many as in a receipt.
  package static let mostRejects = 100
  package static let mostItems = 3
  /// Of one item, for people.
  static let mostLines = 60

  package init() {}

  package mutating func note(_ reject: Reject) {
    if let place = codes.firstIndex(where: { $0.code == reject.code }) {
      codes[place].count += 1
    } else {
      codes.append(CodeCount(code: reject.code, count: 1, first: reject))
    }
    if rejects.count < Self.mostRejects { rejects.append(reject) }
  }

  /// Whether `note` still keeps items.
  package var wantsItems: Bool { firstItems.count < Self.mostItems }

  package mutating func note(_ item: Item) {
    if wantsItems { firstItems.append(item) }
  }

  /// Takes back what was noted of the items: the file can't be used.
  package mutating func forgetItems() {
    (codes, rejects, firstItems, items, rejected, requests) = ([], [], [], 0, 0, 0)
  }
}

// MARK: - For people

extension PreviewSummary {
  package static func describe(_ fault: FileFault) -> String {
    let place = fault.line.map { "line \($0)" + (fault.column.map { ", column \($0)" } ?? "") + ": " } ?? ""
    return "\(place)\(fault.code.rawValue): \(fault.message)".onOneLine
  }

  package static func describe(_ reject: Reject) -> String {
    "\(place(of: reject)): \(reject.code): \(reject.message)".onOneLine
  }

  private static func place(of reject: Reject) -> String {
    "item \(reject.item), line \(reject.line)\(reject.key.map { " (\($0))" } ?? "")"
  }

  /// What comes first, whatever the file is like; each text is a line.
  private var beginning: [String] {
    (missingSideFile.map { ["it would wait for its side file \($0)".onOneLine] } ?? [])
      + (completeness?.lines ?? []).map(\.onOneLine)
  }

  /// The summary without items, a line each.
  package var head: [String] {
    if let fault { return beginning + ["the file would be rejected as a whole: \(Self.describe(fault))"] }
    let kind = format.map { "\($0), " } ?? ""
    let way = target.map { ", to target \($0.name) at \($0.url)" } ?? ""
    let sent = "\(items - rejected) would be sent\(requests > 0 ? " in \(counted(requests, "request"))" : "")"
    var lines = beginning
    lines.append("\(name): \(kind)\(counted(bytes, "byte")), in inbox \(inbox)\(way)".onOneLine)
    lines += warnings.map { "warning: \($0.code): \($0.message)".onOneLine }
    lines.append("\(counted(items, "item")): \(sent), \(rejected) rejected")
    let width = codes.map { String($0.count).count }.max() ?? 0
    for entry in codes {
      let count = String(repeating: " ", count: width - String(entry.count).count) + String(entry.count)
      let first = entry.count == 1 ? "" : "the first is "
      lines.append(
        "  \(count) \(entry.code): \(first)\(Self.place(of: entry.first)): \(entry.first.message)".onOneLine)
    }
    return lines
  }

  /// The whole summary, a line each.
  package var lines: [String] {
    guard fault == nil else { return head }
    var lines = head
    if !firstItems.isEmpty {
      let isAll = firstItems.count == items - rejected
      let which =
        isAll
        ? (firstItems.count == 1 ? "The item" : "The items")
        : "The first \(firstItems.count == 1 ? "item" : "\(firstItems.count) items")"
      lines += ["", "\(which) as sent:"]
    }
    for item in firstItems {
      lines.append("item \(item.number), line \(item.line)")
      let laidOut = Self.laidOut(item.body)
      lines += laidOut.prefix(Self.mostLines).map { "  " + $0.onOneLine }
      if laidOut.count > Self.mostLines {
        lines.append("  … \(counted(laidOut.count - Self.mostLines, "more line"))")
      }
    }
    if items > 0 { lines += ["", "--all prints every request and every rejected item; --json prints JSON."] }
    return lines
  }

  private static func laidOut(_ body: [UInt8]) -> [String] {
    json(body)?.lines ?? [String(decoding: body, as: UTF8.self)]
  }

  /// Nil if it is not JSON that can be laid out. An API's framing may add levels to what `limits.max_nesting` allows.
  private static func json(_ body: [UInt8]) -> JSONValue? { try? JSONValue.parse(body, maxNesting: 1100) }
}

// MARK: - For programs

extension PreviewSummary {
  /// The members of the document that say how the file was taken, in order; `rejects`, `items` and `requests` follow.
  var members: [(name: String, value: JSONValue)] {
    var members: [(name: String, value: JSONValue)] = [
      ("file", JSONValue(["name": .string(name), "bytes": JSONValue(bytes), "format": JSONValue(format)])),
      ("inbox", .string(inbox)),
      (
        "target",
        target.map { JSONValue(["name": .string($0.name), "api": .string($0.api), "url": .string($0.url)]) } ?? .null
      ),
      (
        "counts",
        JSONValue([
          "items": JSONValue(items), "sent": JSONValue(items - rejected), "rejected": JSONValue(rejected),
          "requests": JSONValue(requests),
        ])
      ),
      ("rejectedByCode", .object(codes.map { ($0.code, JSONValue($0.count)) })),
      (
        "warnings",
        .array(warnings.map { JSONValue(["code": .string($0.code), "message": .string($0.message)]) })
      ),
    ]
    if let completeness { members.append(("completeness", Self.json(completeness))) }
    if let missingSideFile { members.append(("waitsFor", .string(missingSideFile))) }
    if let fault {
      var parts: [(name: String, value: JSONValue)] = [
        ("code", .string(fault.code.rawValue)), ("message", .string(fault.message)),
      ]
      if let line = fault.line { parts.append(("line", JSONValue(line))) }
      if let column = fault.column { parts.append(("column", JSONValue(column))) }
      members.append(("error", .object(parts)))
    }
    return members
  }

  static func json(_ reject: Reject) -> JSONValue {
    JSONValue([
      "item": JSONValue(reject.item), "line": JSONValue(reject.line), "key": JSONValue(reject.key),
      "code": .string(reject.code), "message": .string(reject.message),
    ])
  }

  static func json(_ item: Item) -> JSONValue {
    JSONValue(["item": JSONValue(item.number), "line": JSONValue(item.line), "body": embedded(item.body)])
  }

  /// A body within a document: as the value that it is, or as text if it is not JSON.
  static func embedded(_ body: [UInt8]) -> JSONValue {
    json(body) ?? .string(String(decoding: body, as: UTF8.self))
  }

  /// As in a receipt: rows as numbers, everything else as text.
  private static func json(_ completeness: Completeness) -> JSONValue {
    func pair(_ pair: Completeness.Pair, _ value: (String) -> JSONValue) -> JSONValue {
      JSONValue(["expected": value(pair.expected), "found": value(pair.found)])
    }
    var members: [(name: String, value: JSONValue)] = []
    if let count = completeness.count { members.append(("count", pair(count, wholeNumber))) }
    if !completeness.sums.isEmpty {
      let sums = completeness.sums.sorted { $0.key < $1.key }.map { ($0.key, pair($0.value, JSONValue.string)) }
      members.append(("sums", .object(sums)))
    }
    if let checksum = completeness.checksum { members.append(("checksum", pair(checksum, JSONValue.string))) }
    return .object(members)
  }

  /// As JSON writes it, however many digits it has; as a string if the text is none.
  private static func wholeNumber(_ text: String) -> JSONValue {
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return .string(text)
    }
    let digits = text.drop { $0 == "0" }
    return .number(digits.isEmpty ? "0" : String(digits))
  }
}
