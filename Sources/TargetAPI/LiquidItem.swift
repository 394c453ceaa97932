import Delivery
import JSONText

/// One Liquid item, read in one walk over its top level, its headers and, where a key is configured, its data.
///
/// Ranges are in the bytes it was read from. An object without `headers` is the `data` itself where the route has item
/// defaults; unless `data` is all it has and is an object, as in items made from CSV.
struct LiquidItem {
  static let receiptType = "receiptType"
  static let receiptMessage = "receiptMessage"
  private static let actions = ["Create", "Merge", "Update", "Delete"]

  let object: Range<Int>
  private let defaults: ItemDefaults?
  /// Whether a rejects file's `_error` is in it.
  private var isAnnotated = false
  /// Whether a rejects file's receipt is in its headers.
  private var hasReceipt = false
  /// Whether the whole object is taken for `data`.
  private var isBareData = false
  private var topNames = NameWatch()
  private var headerNames = NameWatch()
  private var headers: JSONMember?
  private var data: JSONMember?
  private var category: JSONMember?
  private var type: JSONMember?
  private var action: JSONMember?
  /// The key fields' values, by `defaults.key`.
  private var key: [JSONMember?] = []
  /// A key field that stands in the data twice.
  private var repeatedKeyField: String?

  var hasHeaders: Bool { headers?.kind == .object }

  /// - Throws: `invalid-item` where `item` is no object.
  init(_ item: Span<UInt8>, defaults: ItemDefaults?, maxNesting: Int) throws(ItemFault) {
    self.defaults = defaults
    object = item.trimmed
    guard !object.isEmpty, kind(of: item, at: object.lowerBound) == .object else {
      throw notAnObject(item, maxNesting: maxNesting)
    }
    var others = 0
    forEachMember(of: item, in: object) { member in
      if member.isCalled(Added.error, in: item) {
        isAnnotated = true
        return
      }
      topNames.note(member, of: item)
      if member.isCalled("headers", in: item) {
        headers = member
      } else if member.isCalled("data", in: item) {
        data = member
      } else {
        others += 1
      }
    }
    isBareData = defaults != nil && headers == nil && !(data?.kind == .object && others == 0)
    readHeaders(item)
    readKey(item)
  }

  private mutating func readHeaders(_ item: Span<UInt8>) {
    guard let headers, headers.kind == .object else { return }
    forEachMember(of: item, in: headers.value) { member in
      if member.isReceipt(in: item) {
        hasReceipt = true
        return
      }
      headerNames.note(member, of: item)
      if member.isCalled("category", in: item) {
        category = member
      } else if member.isCalled("type", in: item) {
        type = member
      } else if member.isCalled("action", in: item) {
        action = member
      }
    }
  }

  private mutating func readKey(_ item: Span<UInt8>) {
    guard let fields = defaults?.key, !fields.isEmpty else { return }
    key = Array(repeating: nil, count: fields.count)
    guard let data = isBareData ? object : data.flatMap({ $0.kind == .object ? $0.value : nil }) else { return }
    forEachMember(of: item, in: data) { member in
      for (place, field) in fields.enumerated() where member.isCalled(field, in: item) {
        if key[place] != nil { repeatedKeyField = field }
        key[place] = member
      }
    }
  }

  /// - Throws: the first fault found.
  func check(_ item: Span<UInt8>) throws(ItemFault) {
    if topNames.suspectsRepeat, let name = repeatedName(in: item, object, besides: [Added.error]) {
      throw .repeated(isBareData ? "data." + name : name)
    }
    if let headers {
      guard headers.kind == .object else { throw .invalid("headers", mustBe: "an object") }
      if headerNames.suspectsRepeat,
        let name = repeatedName(in: item, headers.value, besides: [Self.receiptType, Self.receiptMessage])
      {
        throw .repeated("headers." + name)
      }
    } else if defaults == nil {
      throw .missing("headers")
    }
    try check(category, "headers.category", hasDefault: defaults?.category != nil, item)
    try check(type, "headers.type", hasDefault: defaults?.type != nil, item)
    try check(action, "headers.action", hasDefault: defaults?.action != nil, item)
    let isKnown =
      if let action {
        Self.actions.contains { equals(item, action.value.content, $0, hasEscapes: true) }
      } else {
        Self.actions.contains(defaults?.action ?? "")
      }
    guard isKnown else { throw .invalid("headers.action", mustBe: "Create, Merge, Update or Delete") }
    if !isBareData {
      guard let data, !data.isNull else { throw .missing("data") }
      guard data.kind == .object else { throw .invalid("data", mustBe: "an object") }
    }
    if let repeatedKeyField { throw .repeated("data." + repeatedKeyField) }
    for (field, member) in zip(defaults?.key ?? [], key) {
      guard let member, !member.isEmpty(in: item) else { throw .missing("data." + field) }
    }
  }

  /// One header, a text that says something.
  private func check(
    _ member: JSONMember?, _ path: String, hasDefault: Bool, _ item: Span<UInt8>
  ) throws(ItemFault) {
    guard let member else {
      if hasDefault { return }
      throw .missing(path)
    }
    if member.isNull || member.kind == .string && member.value.content.isEmpty { throw .missing(path) }
    guard member.kind == .string else { throw .invalid(path, mustBe: "a string") }
  }

  // MARK: Key

  /// The hash of the type and the key fields; nil where no key is configured, or the item lacks one of its fields.
  ///
  /// Stored on disk: FNV-1a of the type's text, then of 0xFF and each field's text (or JSON, where it is no string).
  func keyHash(_ item: Span<UInt8>) -> UInt64? {
    guard !key.isEmpty, repeatedKeyField == nil else { return nil }
    var hasher = KeyHasher()
    if let type {
      hasher.addValue(item, type.value)
    } else {
      for byte in (defaults?.type ?? "").utf8 { hasher.add(byte) }
    }
    for field in key {
      guard let field else { return nil }
      hasher.separate()
      hasher.addValue(item, field.value)
    }
    return hasher.hash
  }

  /// `Account ABC123`; without configured key fields, by the field `accountId`. Nil without a type and a key.
  func spelledKey(_ item: Span<UInt8>) -> String? {
    let typeName = type.map { JSONValue.spelled(item, $0.value) } ?? defaults?.type
    var values = key.compactMap { $0 }
    if values.isEmpty, let typeName, let first = typeName.first, let data, data.kind == .object {
      let field = first.lowercased() + typeName.dropFirst() + "Id"
      forEachMember(of: item, in: data.value) { if $0.isCalled(field, in: item) { values = [$0] } }
    }
    let words = (typeName.map { [$0] } ?? []) + values.map { JSONValue.spelled(item, $0.value) }
    return words.isEmpty ? nil : words.joined(separator: " ").cut(to: 400)
  }

  // MARK: Writing

  /// Appends the item as the API gets it: without what a rejects file added, with missing headers filled in.
  func append(_ item: Span<UInt8>, to piece: inout [UInt8]) {
    if isBareData {
      piece += #"{"headers":{"#.utf8
      piece += missingHeaders
      piece += #"},"data":"#.utf8
      appendWithoutError(item, to: &piece)
      piece.append(UInt8(ascii: "}"))
      return
    }
    let missing = missingHeaders
    guard let headers, headers.kind == .object else {
      let first = headers == nil && defaults != nil ? Array(#""headers":{"#.utf8) + missing + Array("}".utf8) : []
      appendObject(item, object, first: first, to: &piece) { $0.isCalled(Added.error, in: item) ? .cut : .keep }
      return
    }
    guard hasReceipt || !missing.isEmpty else { return appendWithoutError(item, to: &piece) }
    var filled: [UInt8] = []
    appendObject(item, headers.value, last: missing, to: &filled) { $0.isReceipt(in: item) ? .cut : .keep }
    append(item, headers: filled, to: &piece)
  }

  /// Appends the item as a rejects file has it: as it was dropped, with a receipt in its headers.
  func append(_ item: Span<UInt8>, receipt message: String, to out: inout [UInt8]) {
    guard let headers else { return }
    var receipt = Array(#""receiptType":"Error","receiptMessage":"#.utf8)
    appendQuoted(message, to: &receipt)
    var filled: [UInt8] = []
    appendObject(item, headers.value, first: receipt, to: &filled) { $0.isReceipt(in: item) ? .cut : .keep }
    append(item, headers: filled, to: &out)
  }

  private func append(_ item: Span<UInt8>, headers filled: [UInt8], to out: inout [UInt8]) {
    appendObject(item, object, to: &out) { member in
      if member.isCalled(Added.error, in: item) { return .cut }
      return member == headers ? .replace(filled) : .keep
    }
  }

  private func appendWithoutError(_ item: Span<UInt8>, to piece: inout [UInt8]) {
    guard isAnnotated else { return item.append(object, to: &piece) }
    appendObject(item, object, to: &piece) { $0.isCalled(Added.error, in: item) ? .cut : .keep }
  }

  /// Members for the headers that the item lacks and the route has.
  private var missingHeaders: [UInt8] {
    var text: [UInt8] = []
    func add(_ name: String, _ value: String?, unless present: JSONMember?) {
      guard let value, present == nil else { return }
      if !text.isEmpty { text.append(UInt8(ascii: ",")) }
      text += "\"\(name)\":".utf8
      appendQuoted(value, to: &text)
    }
    add("category", defaults?.category, unless: category)
    add("type", defaults?.type, unless: type)
    add("action", defaults?.action, unless: action)
    return text
  }
}

extension JSONMember {
  /// Whether it is a header that a rejects file added.
  fileprivate func isReceipt(in item: Span<UInt8>) -> Bool {
    isCalled(LiquidItem.receiptType, in: item) || isCalled(LiquidItem.receiptMessage, in: item)
  }

  /// Whether the value says nothing: null, `""`, `[]` or `{}`.
  fileprivate func isEmpty(in item: Span<UInt8>) -> Bool {
    switch kind {
    case .null: true
    case .string: value.content.isEmpty
    case .array, .object: afterSpace(item, from: value.lowerBound + 1) == value.upperBound - 1
    default: false
    }
  }
}
