import Delivery
import JSONText

/// A map of LUSID properties: key to `{key, value, effectiveFrom?, effectiveUntil?}`.
struct LusidPropertyMap {
  /// Where the map stands in the item.
  let path: StaticString

  /// - Parameter forKey: whether delivery is ordered by the map, so that nothing in it may stand twice.
  /// - Returns: how many properties there are.
  func check(_ map: JSONMember, in item: Span<UInt8>, forKey: Bool = false) throws(ItemFault) -> Int {
    guard map.kind == .object else { throw .invalid("\(path)", mustBe: "an object") }
    var count = 0
    var names = NameWatch()
    try forEachMember(of: item, in: map.value) { (property) throws(ItemFault) in
      count += 1
      if forKey { names.note(property, of: item) }
      try checkProperty(property, in: item, forKey: forKey)
    }
    if names.suspectsRepeat, let name = repeatedName(in: item, map.value) {
      throw .repeated("\(path).\(name.cut(to: 200))")
    }
    return count
  }

  private func checkProperty(_ property: JSONMember, in item: Span<UInt8>, forKey: Bool) throws(ItemFault) {
    func place(_ member: String = "") -> String { "\(path).\(property.spelledName(item))\(member)" }
    guard LusidKey.isKey(item, property.name) else { throw .invalid(place(), mustBe: LusidKey.rule) }
    guard property.kind == .object else { throw .invalid(place(), mustBe: "an object with key and value") }
    var key: JSONMember?
    var value: JSONMember?
    try forEachMember(of: item, in: property.value) { (member) throws(ItemFault) in
      if member.isCalled("key", in: item) {
        if forKey, key != nil { throw .repeated(place(".key")) }
        key = member
      } else if member.isCalled("value", in: item) {
        if forKey, value != nil { throw .repeated(place(".value")) }
        value = member
      } else if member.kind != .string, member.kind != .null {
        for time in ["effectiveFrom", "effectiveUntil"] where member.isCalled(time, in: item) {
          throw .invalid(place("." + time), mustBe: "a string")
        }
      }
    }
    guard let key, !key.isNull else { throw .missing(place(".key")) }
    guard key.kind == .string, item.isSameText(key.value.content, property.name) else {
      throw .invalid(place(".key"), mustBe: "the key that it stands under")
    }
    guard let value, !value.isNull else { throw .missing(place(".value")) }
    try checkValue(value, in: item, forKey: forKey, place)
  }

  private func checkValue(
    _ value: JSONMember, in item: Span<UInt8>, forKey: Bool, _ place: (String) -> String
  ) throws(ItemFault) {
    let rule = "an object with one of labelValue, metricValue and labelValueSet"
    guard value.kind == .object else { throw .invalid(place(".value"), mustBe: rule) }
    var label: JSONMember?
    var metric: JSONMember?
    var set: JSONMember?
    try forEachMember(of: item, in: value.value) { (member) throws(ItemFault) in
      if member.isNull { return }
      if member.isCalled("labelValue", in: item) {
        if forKey, label != nil { throw .repeated(place(".value.labelValue")) }
        label = member
        guard item.isText(member, units: 0...Self.longestLabel) else {
          throw .invalid(place(".value.labelValue"), mustBe: textRule(0...Self.longestLabel))
        }
      } else if member.isCalled("metricValue", in: item) {
        metric = member
      } else if member.isCalled("labelValueSet", in: item) {
        set = member
      }
    }
    switch (label, metric, set) {
    case (.some, nil, nil): return
    case (nil, let metric?, nil): try checkMetric(metric, in: item) { place(".value.metricValue" + $0) }
    case (nil, nil, let set?): try checkSet(set, in: item) { place(".value.labelValueSet" + $0) }
    default: throw .invalid(place(".value"), mustBe: rule)
    }
  }

  private static var longestLabel: Int { 1024 }

  private func checkMetric(
    _ metric: JSONMember, in item: Span<UInt8>, _ place: (String) -> String
  ) throws(ItemFault) {
    guard metric.kind == .object else { throw .invalid(place(""), mustBe: "an object with value and unit") }
    var hasValue = false
    try forEachMember(of: item, in: metric.value) { (member) throws(ItemFault) in
      if member.isNull { return }
      if member.isCalled("value", in: item) {
        guard member.kind == .number else { throw .invalid(place(".value"), mustBe: "a number") }
        hasValue = true
      } else if member.isCalled("unit", in: item), member.kind != .string {
        throw .invalid(place(".unit"), mustBe: "a string")
      }
    }
    if !hasValue { throw .missing(place(".value")) }
  }

  private func checkSet(_ set: JSONMember, in item: Span<UInt8>, _ place: (String) -> String) throws(ItemFault) {
    guard set.kind == .object else { throw .invalid(place(""), mustBe: "an object with values") }
    var hasValues = false
    try forEachMember(of: item, in: set.value) { (member) throws(ItemFault) in
      guard member.isCalled("values", in: item), !member.isNull else { return }
      guard member.kind == .array else { throw .invalid(place(".values"), mustBe: "a list of strings") }
      hasValues = true
      var index = 0
      try forEachElement(of: item, in: member.value) { (element, kind) throws(ItemFault) in
        guard kind == .string, item.isText(element.content, units: 0...Self.longestLabel) else {
          throw .invalid(place(".values[\(index)]"), mustBe: textRule(0...Self.longestLabel))
        }
        index += 1
      }
    }
    if !hasValues { throw .missing(place(".values")) }
  }

  /// The value of a property's `value.labelValue`, or of its `value`, or the property: whatever tells it from others.
  static func label(of property: JSONMember, in item: Span<UInt8>) -> Range<Int> {
    guard property.kind == .object else { return property.value }
    var found = property.value
    forEachMember(of: item, in: property.value) { member in
      guard member.isCalled("value", in: item) else { return }
      found = member.value
      guard member.kind == .object else { return }
      forEachMember(of: item, in: member.value) { if $0.isCalled("labelValue", in: item) { found = $0.value } }
    }
    return found
  }
}
