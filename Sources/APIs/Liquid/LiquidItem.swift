internal import Core
internal import JSONText
package import Settings

/// One Liquid item, read from front to back; ranges are in the bytes it was read from.
///
/// If the route has item defaults, an object without `headers` is itself the `data`, unless its only member is an
/// object called `data`, as in items made from CSV.
struct LiquidItem {
  let object: Range<Int>
  /// Whether the whole object is the `data`.
  private(set) var isBareData = false
  /// Whether the item contains a rejects file's `_error`.
  private(set) var isAnnotated = false
  /// Whether its headers contain a rejects file's receipt.
  private(set) var hasReceipt = false
  /// The value of `headers`.
  private(set) var headersValue: Range<Int>?
  private(set) var headers = PerHeader<Range<Int>>()
  private var data: Range<Int>?
  /// The values of the route's key fields; empty if it has none.
  private var key: [Range<Int>?] = []
  /// The name that appears twice but must not.
  private var repeated: String?

  init(_ item: Span<UInt8>, object: Range<Int>, rules: LiquidRules) {
    self.object = object
    var cursor = ItemCursor(at: object.lowerBound)
    cursor.enter()
    key = Array(repeating: nil, count: rules.keyFields.count)
    // Only of an object that may itself be the data.
    var topKey = rules.hasDefaults ? key : []
    var otherNames = DuplicateMemberDetector()
    while let name = cursor.nextName(item) {
      let start = cursor.place
      if name.isCalled("headers", in: item) {
        if headersValue != nil { repeated = "headers" }
        if cursor.isAtObject(item) { readHeaders(item, &cursor) } else { cursor.skipValue(item) }
        headersValue = start..<cursor.place
      } else if name.isCalled("data", in: item) {
        if data != nil { repeated = "data" }
        if cursor.isAtObject(item), !key.isEmpty { readKey(item, &cursor, rules) } else { cursor.skipValue(item) }
        data = start..<cursor.place
      } else {
        cursor.skipValue(item)
        if name.isCalled("_error", in: item) {
          isAnnotated = true
          continue
        }
        otherNames.note(name, of: item)
      }
      if rules.hasDefaults { _ = rules.note(name, start..<cursor.place, item, in: &topKey) }
    }
    if otherNames.suspectsRepeat {
      repeated = repeatedName(in: item, object, besides: [RejectMarkers.error]) ?? repeated
    }
    let isDataAlone = otherNames.isEmpty && data.map { item.isObject($0) } == true
    if rules.hasDefaults, headersValue == nil, !isDataAlone {
      isBareData = true
      key = topKey
      repeated = repeated.map { "data." + $0 }
    }
  }

  private mutating func readHeaders(_ item: Span<UInt8>, _ cursor: inout ItemCursor) {
    let start = cursor.place
    cursor.enter()
    var otherNames = DuplicateMemberDetector()
    while let name = cursor.nextName(item) {
      let value = cursor.skipValue(item)
      if name.isCalled("category", in: item) {
        note(.category, value)
      } else if name.isCalled("type", in: item) {
        note(.type, value)
      } else if name.isCalled("action", in: item) {
        note(.action, value)
      } else if name.isCalled("receiptType", in: item) || name.isCalled("receiptMessage", in: item) {
        hasReceipt = true
      } else {
        otherNames.note(name, of: item)
      }
    }
    if otherNames.suspectsRepeat,
      let name = repeatedName(in: item, start..<cursor.place, besides: RejectMarkers.receipt)
    {
      repeated = "headers." + name
    }
  }

  private mutating func note(_ header: LiquidHeader, _ value: Range<Int>) {
    if headers[header] != nil { repeated = "headers." + header.rawValue }
    headers[header] = value
  }

  private mutating func readKey(_ item: Span<UInt8>, _ cursor: inout ItemCursor, _ rules: LiquidRules) {
    cursor.enter()
    while let name = cursor.nextName(item) {
      let value = cursor.skipValue(item)
      if let field = rules.note(name, value, item, in: &key) { repeated = "data." + field }
    }
  }

  /// - Throws: the first fault found.
  func check(_ item: Span<UInt8>, rules: LiquidRules) throws(ItemFault) {
    if let repeated { throw .repeated(repeated) }
    if let headersValue {
      guard item.isObject(headersValue) else { throw .invalid("headers", mustBe: "an object") }
    } else if !rules.hasDefaults {
      throw .missing("headers")
    }
    try check(.category, item, rules)
    try check(.type, item, rules)
    try check(.action, item, rules)
    if let action = headers[.action]?.content {
      guard LiquidRules.actions.contains(where: { item.isText(action, equalTo: $0) }) else { throw Self.unknownAction }
    } else if !rules.hasKnownAction {
      throw Self.unknownAction
    }
    if !isBareData {
      guard let data, !item.isNull(data) else { throw .missing("data") }
      guard item.isObject(data) else { throw .invalid("data", mustBe: "an object") }
    }
    for (place, value) in key.enumerated() {
      guard let value, !item.isEmptyValue(value) else { throw .missing("data." + rules.keyFields[place].name) }
    }
  }

  private func check(_ header: LiquidHeader, _ item: Span<UInt8>, _ rules: LiquidRules) throws(ItemFault) {
    guard let value = headers[header] else {
      if rules.hasDefault(header) { return }
      throw .missing("headers." + header.rawValue)
    }
    if item.isEmptyValue(value) { throw .missing("headers." + header.rawValue) }
    guard item.isString(value) else { throw .invalid("headers." + header.rawValue, mustBe: "a string") }
  }

  private static let unknownAction = ItemFault.invalid("headers.action", mustBe: "Create, Merge, Update or Delete")

  /// Nil if no key is configured, or the item lacks one of its fields.
  ///
  /// Stored on disk: covers the type's text, then for each key field 0xFF and its text (its JSON if it is not a string;
  /// a number's canonical text).
  func keyHash(_ item: Span<UInt8>, rules: LiquidRules) -> KeyHash? {
    guard !key.isEmpty, repeated == nil else { return nil }
    var hash = KeyHash()
    if let type = headers[.type] { hash.combineValue(item, type) } else { hash.combine((rules.type ?? "").utf8) }
    for value in key {
      guard let value else { return nil }
      hash.separate()
      hash.combineEqualValue(item, value)
    }
    return hash
  }

  /// `Account ABC123`; without configured key fields, uses the field `accountId`. Nil if neither type nor key is known.
  func spelledKey(_ item: Span<UInt8>, rules: LiquidRules) -> String? {
    let type = headers[.type].map { item.spelledValue($0) } ?? rules.type
    var values = key.compactMap { $0 }
    if values.isEmpty, let type, let fields = isBareData ? object : data, item.isObject(fields) {
      let name = type.prefix(1).lowercased() + type.dropFirst() + "Id"
      forEachMember(of: item, in: fields) { if $0.isCalled(name, in: item) { values = [$0.value] } }
    }
    let words = (type.map { [$0] } ?? []) + values.map { item.spelledValue($0) }
    return words.isEmpty ? nil : words.joined(separator: " ").cut(to: 400)
  }
}

extension LiquidItem {
  /// Appends the same as `spelledKey` in the usual case: headers, then data, a plain type and key fields that are plain
  /// strings or numbers. Reads no further than it has to.
  ///
  /// - Parameters:
  ///   - piece: as `prepare` made it.
  ///   - layout: then describes this piece; describes none in any other case.
  /// - Returns: false, with nothing appended, in any other case.
  static func appendPlainKey(
    _ piece: Span<UInt8>, rules: LiquidRules, to text: inout [UInt8], noting layout: inout KeyLayout
  ) -> Bool {
    layout = KeyLayout()
    var cursor = ItemCursor(at: afterSpace(piece, from: 0))
    guard !rules.keyFields.isEmpty, cursor.place < piece.count, cursor.isAtObject(piece) else { return false }
    cursor.enter()
    guard let headers = cursor.nextName(piece), headers.isCalled("headers", in: piece), cursor.isAtObject(piece) else {
      return false
    }
    cursor.enter()
    var type: Range<Int>?
    while let name = cursor.nextName(piece) {
      let isType = name.isCalled("type", in: piece) && cursor.isAtString(piece)
      let value = cursor.skipValue(piece)
      if isType { type = value.content }
    }
    guard let type, piece.isPlainText(type, atMost: 200), let data = cursor.nextName(piece),
      data.isCalled("data", in: piece), cursor.isAtObject(piece)
    else { return false }
    cursor.enter()
    var key: [Range<Int>?] = Array(repeating: nil, count: rules.keyFields.count)
    while key.contains(nil), let name = cursor.nextName(piece) {
      let isString = cursor.isAtString(piece)
      guard isString || cursor.isAtNumber(piece) || !rules.isKeyField(name, piece) else { return false }
      let value = cursor.skipValue(piece)
      _ = rules.note(name, isString ? value.content : value, piece, in: &key)
    }
    let before = text.count
    piece.append(type, to: &text)
    var noted = KeyLayout(from: 0)
    var (place, isInOrder) = (0, true)
    var words = text[before...]
    for value in key {
      guard let value, piece.isPlainText(value, atMost: 200) else {
        text.removeSubrange(before...)
        return false
      }
      text.append(UInt8(ascii: " "))
      words.append(UInt8(ascii: " "))
      isInOrder = isInOrder && place <= value.lowerBound
      if isInOrder {
        let isString = piece[value.lowerBound - 1] == UInt8(ascii: "\"")
        noted.note(value, isString: isString, after: words, in: piece)
      }
      (place, words) = (value.upperBound, [])
      piece.append(value, to: &text)
    }
    guard text.count - before <= 400 else {
      text.removeSubrange(before...)
      return false
    }
    noted.finish(at: cursor.place, in: piece)
    if isInOrder { layout = noted }
    return true
  }
}

/// Headers that every Liquid item needs, in the order in which they are filled in.
enum LiquidHeader: String, CaseIterable {
  case category
  case type
  case action
}

/// One value for each header.
struct PerHeader<Value: Sendable>: Sendable {
  private var category: Value?
  private var type: Value?
  private var action: Value?

  subscript(header: LiquidHeader) -> Value? {
    get {
      switch header {
      case .category: category
      case .type: type
      case .action: action
      }
    }
    set {
      switch header {
      case .category: category = newValue
      case .type: type = newValue
      case .action: action = newValue
      }
    }
  }
}

extension RejectMarkers {
  /// The headers in which a rejects file reports the reason, as Liquid's own answers do.
  static let receipt = ["receiptType", "receiptMessage"]
}

/// A route's `item` settings for Liquid: default headers and the primary key's fields.
package struct ItemDefaults: Hashable, Sendable, Codable {
  package var category: String?
  package var type: String?
  package var action: String?
  /// Names of fields in `data`; empty if the configuration has no `key`.
  package var key: [String]

  package init(category: String? = nil, type: String? = nil, action: String? = nil, key: [String] = []) {
    self.category = category
    self.type = type
    self.action = action
    self.key = key
  }
}

extension Route {
  /// Nil if no Liquid target can be reached, or the configuration has no `item`.
  package var item: ItemDefaults? {
    get { own[ItemDefaults.self] }
    set { own[ItemDefaults.self] = newValue }
  }
}

extension LiquidItem {
  /// Appends the item as sent to the API: without a rejects file's additions, with missing headers filled in.
  func append(_ item: Span<UInt8>, rules: LiquidRules, to piece: inout [UInt8]) {
    if isBareData {
      piece += rules.beforeBareData
      appendWithoutError(item, to: &piece)
      piece.append(UInt8(ascii: "}"))
      return
    }
    let missing = rules.members(besides: headers)
    if let headersValue, item.isObject(headersValue) {
      guard hasReceipt || !missing.isEmpty else { return appendWithoutError(item, to: &piece) }
      var filled: [UInt8] = []
      appendObject(item, headersValue, last: missing, to: &filled) { $0.isReceipt(in: item) ? .cut : .keep }
      append(item, headers: filled, to: &piece)
    } else if headersValue == nil, rules.hasDefaults {
      let first = Array(#""headers":{"#.utf8) + missing + "}".utf8
      appendObject(item, object, first: first, to: &piece) { $0.isCalled(RejectMarkers.error, in: item) ? .cut : .keep }
    } else {
      appendWithoutError(item, to: &piece)
    }
  }

  /// Appends the item in the form of a rejects file: as dropped, with a receipt in its headers, which must be an
  /// object.
  func append(_ item: Span<UInt8>, receipt message: String, to out: inout [UInt8]) {
    guard let headersValue else { return }
    var receipt = Array(#""receiptType":"Error","receiptMessage":"#.utf8)
    appendQuoted(message.cut(to: String.longestMessage), to: &receipt)
    var filled: [UInt8] = []
    appendObject(item, headersValue, first: receipt, to: &filled) { $0.isReceipt(in: item) ? .cut : .keep }
    append(item, headers: filled, to: &out)
  }

  private func append(_ item: Span<UInt8>, headers filled: [UInt8], to out: inout [UInt8]) {
    appendObject(item, object, to: &out) { member in
      if member.isCalled(RejectMarkers.error, in: item) { return .cut }
      return member.value == headersValue ? .replace(filled) : .keep
    }
  }

  private func appendWithoutError(_ item: Span<UInt8>, to piece: inout [UInt8]) {
    guard isAnnotated else { return item.append(object, to: &piece) }
    appendObject(item, object, to: &piece) { $0.isCalled(RejectMarkers.error, in: item) ? .cut : .keep }
  }
}

extension JSONMember {
  /// Whether it is a header that a rejects file added.
  fileprivate func isReceipt(in item: Span<UInt8>) -> Bool {
    RejectMarkers.receipt.contains { isCalled($0, in: item) }
  }
}
