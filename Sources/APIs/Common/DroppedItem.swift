import Core
import JSONText

/// Members that rejects files add; they never reach an API.
enum RejectMarkers {
  static let error = "_error"
  static let raw = "_raw"
}

/// Passes the item itself to `body`: `X` if a rejects file wrapped it as `{"_error": …, "_raw": X}`.
///
/// If `X` is a string that holds JSON (an NDJSON line that could not be parsed and has been fixed), that JSON is the
/// item. `_error` may be missing; with any other member beside them it is not a wrapper.
/// - Parameter levels: how many wrappers may be nested; only an attacker would nest more.
func unwrapping<R, E: Error>(
  _ item: Span<UInt8>, maxNesting: Int, levels: Int = 4, _ body: (Span<UInt8>) throws(E) -> R
) throws(E) -> R {
  guard levels > 0, let value = wrappedValue(in: item) else { return try body(item) }
  let inner = item.extracting(value)
  guard kind(of: inner, at: 0) == .string else {
    return try unwrapping(inner, maxNesting: maxNesting, levels: levels - 1, body)
  }
  let text = Array(stringContent(inner, (0..<inner.count).content).utf8)
  guard (try? text.span.checkIsJSON(maxNesting: maxNesting)) != nil else { return try body(inner) }
  return try unwrapping(text.span, maxNesting: maxNesting, levels: levels - 1, body)
}

/// Rejects a line again if it was not UTF-8 and still holds the U+FFFD that replace its bytes: sent like that, they
/// would overwrite good data.
///
/// It is accepted once real characters replace them, or `_error` is gone.
func checkIsDecoded(_ item: Span<UInt8>) throws(ItemFault) {
  guard let value = wrappedValue(in: item), kind(of: item, at: value.lowerBound) == .string else { return }
  var isUndecoded = false
  forEachMember(of: item, in: item.trimmed) { member in
    guard member.isCalled(RejectMarkers.error, in: item), member.kind == .object else { return }
    forEachMember(of: item, in: member.value) { part in
      guard part.isCalled("code", in: item), part.kind == .string else { return }
      isUndecoded = stringContent(item, part.value.content) == RejectCode.invalidEncoding.rawValue
    }
  }
  guard isUndecoded, stringContent(item, value.content).unicodeScalars.contains("\u{FFFD}") else { return }
  throw ItemFault(
    .invalidEncoding,
    "_raw still contains U+FFFD in place of bytes that were not UTF-8: put the right characters there, or leave nothing but _raw to send it as it is"
  )
}

private func wrappedValue(in item: Span<UInt8>) -> Range<Int>? {
  let object = item.trimmed
  guard object.count > 2, kind(of: item, at: object.lowerBound) == .object else { return nil }
  // Nearly all items are decided by their first name.
  let name = afterSpace(item, from: object.lowerBound + 1) + 1
  guard name < object.upperBound, item[name] == UInt8(ascii: "_") || item[name] == UInt8(ascii: "\\") else {
    return nil
  }
  var value: Range<Int>?
  var isWrapper = true
  forEachMember(of: item, in: object) { member in
    if value == nil, member.isCalled(RejectMarkers.raw, in: item) {
      value = member.value
    } else if !member.isCalled(RejectMarkers.error, in: item) {
      isWrapper = false
    }
  }
  return isWrapper ? value : nil
}

/// The range of the object that the item must be.
///
/// - Throws: `invalid-item` if it is not an object.
func objectRange(_ item: Span<UInt8>, maxNesting: Int) throws(ItemFault) -> Range<Int> {
  let object = item.trimmed
  guard !object.isEmpty, kind(of: item, at: object.lowerBound) == .object else {
    throw notAnObject(item, maxNesting: maxNesting)
  }
  return object
}

/// The error for an item that is not an object; for a string, what keeps its text from being one.
private func notAnObject(_ item: Span<UInt8>, maxNesting: Int) -> ItemFault {
  let value = item.trimmed
  guard !value.isEmpty else { return ItemFault(.invalidItem, "an item must be a JSON object, but this is empty") }
  let name =
    switch kind(of: item, at: value.lowerBound) {
    case .array: "an array"
    case .string: "a string"
    case .number: "a number"
    case .true, .false: "a boolean"
    case .null: "null"
    case .object: "an object"
    }
  let fault = ItemFault(.invalidItem, "an item must be a JSON object, but this is \(name)")
  guard kind(of: item, at: value.lowerBound) == .string else { return fault }
  let text = Array(stringContent(item, value.content).utf8)
  // Other texts were hardly meant to be JSON.
  guard let first = text.first(where: { $0 > 0x20 }), "{[".utf8.contains(first) else { return fault }
  do {
    try text.span.checkIsJSON(maxNesting: .max)
  } catch {
    return ItemFault(.invalidItem, fault.message + "; as JSON: \(error.reason) (byte \(error.offset + 1))")
  }
  do {
    try text.span.checkIsJSON(maxNesting: maxNesting)
  } catch {
    return ItemFault(.tooDeep, "the item in _raw has \(error.reason)")
  }
  return fault
}
