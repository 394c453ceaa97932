import Core
import JSONText

/// A property's place in an item, for messages: turned into text only when needed.
struct LusidPropertyLocation {
  var map: StaticString
  var key: MemberName

  /// - Parameter member: what follows the key, with the dot before it.
  func path(_ item: Span<UInt8>, _ member: String = "") -> String {
    "\(map).\(key.spelled(item))\(member)"
  }

  func invalid(_ item: Span<UInt8>, _ member: String = "", mustBe rule: String) -> ItemFault {
    .invalid(path(item, member), mustBe: rule)
  }
}

/// Reads one LUSID property.
struct LusidProperty {
  let place: LusidPropertyLocation
  /// Whether no member may appear twice in it.
  let isUnique: Bool
  var cursor: ItemCursor

  private static let longestLabel = 1024
  private static let valueRule = "an object with one of labelValue, metricValue and labelValueSet"

  /// - Returns: the value that distinguishes the property: its label, or otherwise its whole value.
  mutating func read(_ item: Span<UInt8>) throws(ItemFault) -> Range<Int> {
    guard LusidKey.isKey(item, place.key) else { throw place.invalid(item, mustBe: LusidKey.rule) }
    guard cursor.isAtObject(item) else { throw place.invalid(item, mustBe: "an object with key and value") }
    cursor.enter()
    var hasKey = false
    var valueRange: Range<Int>?
    while let name = cursor.nextName(item) {
      if name.isCalled("key", in: item) {
        if isUnique, hasKey { throw .repeated(place.path(item, ".key")) }
        hasKey = try readKey(item) || hasKey
      } else if name.isCalled("value", in: item) {
        if isUnique, valueRange != nil { throw .repeated(place.path(item, ".value")) }
        valueRange = try readValue(item)
      } else {
        if !cursor.isAtString(item), !cursor.isAtNull(item) {
          if name.isCalled("effectiveFrom", in: item) || name.isCalled("effectiveUntil", in: item) {
            throw place.invalid(item, "." + name.spelled(item), mustBe: "a string")
          }
        }
        cursor.skipValue(item)
      }
    }
    guard hasKey else { throw .missing(place.path(item, ".key")) }
    guard let valueRange else { throw .missing(place.path(item, ".value")) }
    return valueRange
  }

  /// - Returns: whether there is a key; null counts as none.
  private mutating func readKey(_ item: Span<UInt8>) throws(ItemFault) -> Bool {
    let isText = cursor.isAtString(item)
    let isNull = cursor.isAtNull(item)
    let value = cursor.skipValue(item)
    if isNull { return false }
    guard isText, item.isSameText(value.content, place.key.content) else {
      throw place.invalid(item, ".key", mustBe: "the same as the name that it is listed under")
    }
    return true
  }

  private mutating func readValue(_ item: Span<UInt8>) throws(ItemFault) -> Range<Int>? {
    let start = cursor.place
    if cursor.isAtNull(item) {
      cursor.skipValue(item)
      return nil
    }
    guard cursor.isAtObject(item) else { throw place.invalid(item, ".value", mustBe: Self.valueRule) }
    cursor.enter()
    var label: Range<Int>?
    var hasMetric = false
    var hasSet = false
    while let name = cursor.nextName(item) {
      if cursor.isAtNull(item) {
        cursor.skipValue(item)
      } else if name.isCalled("labelValue", in: item) {
        if isUnique, label != nil { throw .repeated(place.path(item, ".value.labelValue")) }
        let isText = cursor.isAtString(item)
        let value = cursor.skipValue(item)
        guard isText, item.isText(value.content, units: 0...Self.longestLabel) else {
          throw place.invalid(item, ".value.labelValue", mustBe: (0...Self.longestLabel).textRule)
        }
        label = value
      } else if name.isCalled("metricValue", in: item) {
        hasMetric = true
        try readMetric(item)
      } else if name.isCalled("labelValueSet", in: item) {
        hasSet = true
        try readSet(item)
      } else {
        cursor.skipValue(item)
      }
    }
    guard (label == nil ? 0 : 1) + (hasMetric ? 1 : 0) + (hasSet ? 1 : 0) == 1 else {
      throw place.invalid(item, ".value", mustBe: Self.valueRule)
    }
    return label ?? start..<cursor.place
  }

  private mutating func readMetric(_ item: Span<UInt8>) throws(ItemFault) {
    let path = ".value.metricValue"
    guard cursor.isAtObject(item) else { throw place.invalid(item, path, mustBe: "an object with value and unit") }
    cursor.enter()
    var hasValue = false
    while let name = cursor.nextName(item) {
      let isNull = cursor.isAtNull(item)
      let isNumber = cursor.isAtNumber(item)
      let isText = cursor.isAtString(item)
      cursor.skipValue(item)
      if isNull { continue }
      if name.isCalled("value", in: item) {
        guard isNumber else { throw place.invalid(item, path + ".value", mustBe: "a number") }
        hasValue = true
      } else if name.isCalled("unit", in: item), !isText {
        throw place.invalid(item, path + ".unit", mustBe: "a string")
      }
    }
    if !hasValue { throw .missing(place.path(item, path + ".value")) }
  }

  private mutating func readSet(_ item: Span<UInt8>) throws(ItemFault) {
    let path = ".value.labelValueSet"
    guard cursor.isAtObject(item) else { throw place.invalid(item, path, mustBe: "an object with values") }
    cursor.enter()
    var hasValues = false
    while let name = cursor.nextName(item) {
      guard !cursor.isAtNull(item), name.isCalled("values", in: item) else {
        cursor.skipValue(item)
        continue
      }
      guard cursor.isAtArray(item) else { throw place.invalid(item, path + ".values", mustBe: "a list of strings") }
      hasValues = true
      cursor.enter()
      var index = 0
      while cursor.nextElement(item) {
        let isText = cursor.isAtString(item)
        let label = cursor.skipValue(item)
        guard isText, item.isText(label.content, units: 0...Self.longestLabel) else {
          throw place.invalid(item, path + ".values[\(index)]", mustBe: (0...Self.longestLabel).textRule)
        }
        index += 1
      }
    }
    if !hasValues { throw .missing(place.path(item, path + ".values")) }
  }
}
