import Core
import JSONText

/// Checks one LUSID request, reading each byte once, and collects what ordering and batching need.
///
/// Null counts as missing, as it does for the API. Unknown members pass. The item's top level and its identifiers may
/// not repeat a name, since they determine delivery order; elsewhere that is left to the API.
struct LusidCheck {
  /// Whether the item contains a rejects file's `_error`.
  private(set) var isAnnotated = false
  private(set) var keyHash: KeyHash?

  private var cursor: ItemCursor
  private var order = LusidOrder()
  private var seen: Members = []
  private var otherNames = DuplicateMemberDetector()
  private var scope: Range<Int>?
  /// The schema implied by the investor's identifiers.
  private var form: LusidSchema?

  private static let investorTypes = ["Person", "LegalEntity", "Nominee"]

  /// Top-level members that have been read.
  private struct Members: OptionSet {
    var rawValue: UInt8
    static let identifiers = Members(rawValue: 1)
    static let properties = Members(rawValue: 2)
    static let displayName = Members(rawValue: 4)
    static let description = Members(rawValue: 8)
    static let investor = Members(rawValue: 16)
    static let scope = Members(rawValue: 32)
  }

  /// - Parameter schema: the schema to assume if the item does not reveal its own.
  /// - Throws: the first fault found.
  init(_ item: Span<UInt8>, object: Range<Int>, schema: LusidSchema) throws(ItemFault) {
    cursor = ItemCursor(at: object.lowerBound)
    cursor.enter()
    var present: Members = []
    while let name = cursor.nextName(item) {
      if let member = try readMember(name, item) { present.insert(member) }
    }
    if otherNames.suspectsRepeat, let name = repeatedName(in: item, object, besides: [RejectMarkers.error]) {
      throw .repeated(name)
    }
    guard present.contains(.identifiers) else { throw .missing("identifiers") }
    guard present.contains(.displayName) else { throw .missing("displayName") }
    if scope == nil, (form ?? schema) == .current { throw .missing("scope") }
    keyHash = order.hash(item, scope: scope)
  }

  /// - Returns: the member if it is known and not null.
  private mutating func readMember(_ name: MemberName, _ item: Span<UInt8>) throws(ItemFault) -> Members? {
    let member: Members
    if name.isCalled("identifiers", in: item) {
      member = .identifiers
    } else if name.isCalled("properties", in: item) {
      member = .properties
    } else if name.isCalled("displayName", in: item) {
      member = .displayName
    } else if name.isCalled("description", in: item) {
      member = .description
    } else if name.isCalled("investor", in: item) {
      member = .investor
    } else if name.isCalled("scope", in: item) {
      member = .scope
    } else {
      if name.isCalled("_error", in: item) { isAnnotated = true } else { otherNames.note(name, of: item) }
      cursor.skipValue(item)
      return nil
    }
    guard seen.insert(member).inserted else { throw .repeated(name.spelled(item)) }
    if cursor.isAtNull(item) {
      cursor.skipValue(item)
      return nil
    }
    switch member {
    case .identifiers: try readIdentifiers(item)
    case .properties:
      let count = try readMap("properties", item)
      if count > 100 { throw .invalid("properties", mustBe: "at most 100, but there are \(count)") }
    case .displayName: try readText(item, units: 1...512, at: "displayName")
    case .description: try readText(item, units: 0...512, at: "description")
    case .investor: try readInvestor(item)
    default:
      let isText = cursor.isAtString(item)
      let value = cursor.skipValue(item)
      guard isText, LusidKey.isCode(item, value.content) else { throw .invalid("scope", mustBe: LusidKey.codeRule) }
      scope = value
    }
    return member
  }

  private mutating func readIdentifiers(_ item: Span<UInt8>) throws(ItemFault) {
    let start = cursor.place
    if try readMap("identifiers", item, ordering: true) == 0 {
      throw ItemFault(.missingField, "identifiers needs at least one identifier")
    }
    if order.suspectsRepeat, let name = repeatedName(in: item, start..<cursor.place) {
      throw .repeated("identifiers.\(name.cut(to: 200))")
    }
  }

  private mutating func readInvestor(_ item: Span<UInt8>) throws(ItemFault) {
    guard cursor.isAtObject(item) else { throw .invalid("investor", mustBe: "an object") }
    cursor.enter()
    while let name = cursor.nextName(item) {
      if cursor.isAtNull(item) {
        cursor.skipValue(item)
      } else if name.isCalled("investorType", in: item) {
        let isText = cursor.isAtString(item)
        let type = cursor.skipValue(item)
        guard isText, Self.investorTypes.contains(where: { item.isText(type.content, equalTo: $0) }) else {
          throw .invalid("investor.investorType", mustBe: "Person, LegalEntity or Nominee")
        }
      } else if name.isCalled("identifiers", in: item) {
        form = .current
        try readPlainIdentifiers(item)
      } else if name.isCalled("investorIdentifiers", in: item) {
        if form == nil { form = .seed }
        _ = try readMap("investor.investorIdentifiers", item)
      } else {
        cursor.skipValue(item)
      }
    }
  }

  /// The current schema's map of a key to a plain string.
  private mutating func readPlainIdentifiers(_ item: Span<UInt8>) throws(ItemFault) {
    guard cursor.isAtObject(item) else { throw .invalid("investor.identifiers", mustBe: "an object") }
    cursor.enter()
    while let name = cursor.nextName(item) {
      let place = LusidPropertyLocation(map: "investor.identifiers", key: name)
      guard LusidKey.isKey(item, name) else { throw place.invalid(item, mustBe: LusidKey.rule) }
      guard cursor.isAtString(item) || cursor.isAtNull(item) else {
        throw place.invalid(item, mustBe: "a string")
      }
      cursor.skipValue(item)
    }
  }

  private mutating func readText(
    _ item: Span<UInt8>, units: ClosedRange<Int>, at path: StaticString
  ) throws(ItemFault) {
    let isText = cursor.isAtString(item)
    let value = cursor.skipValue(item)
    guard isText, item.isText(value.content, units: units) else {
      throw .invalid("\(path)", mustBe: units.textRule)
    }
  }

  // MARK: Properties

  /// Reads a map of a key to `{key, value, effectiveFrom?, effectiveUntil?}`.
  ///
  /// - Parameter ordering: whether the map determines delivery order.
  /// - Returns: how many properties it has.
  private mutating func readMap(
    _ map: StaticString, _ item: Span<UInt8>, ordering: Bool = false
  ) throws(ItemFault) -> Int {
    guard cursor.isAtObject(item) else { throw .invalid("\(map)", mustBe: "an object") }
    cursor.enter()
    var count = 0
    while let name = cursor.nextName(item) {
      count += 1
      var property = LusidProperty(
        place: LusidPropertyLocation(map: map, key: name), isUnique: ordering, cursor: cursor)
      let value = try property.read(item)
      cursor = property.cursor
      if ordering { order.add(item, name: name.content, value: value) }
    }
    return count
  }
}
