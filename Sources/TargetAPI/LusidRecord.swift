import Delivery
import JSONText

/// One LUSID request (an investor record to upsert), read in one walk; its ranges are in the bytes it was read from.
struct LusidRecord {
  let object: Range<Int>
  /// Whether a rejects file's `_error` is in it.
  private(set) var isAnnotated = false
  private var names = NameWatch()
  // Nil where the member is missing or null: the API takes both for the same.
  private var identifiers: JSONMember?
  private var properties: JSONMember?
  private var displayName: JSONMember?
  private var description: JSONMember?
  private var investor: JSONMember?
  private var scope: JSONMember?

  /// - Throws: `invalid-item` where `item` is no object.
  init(_ item: Span<UInt8>, maxNesting: Int) throws(ItemFault) {
    object = item.trimmed
    guard !object.isEmpty, kind(of: item, at: object.lowerBound) == .object else {
      throw notAnObject(item, maxNesting: maxNesting)
    }
    forEachMember(of: item, in: object) { member in
      if member.isCalled(Added.error, in: item) {
        isAnnotated = true
        return
      }
      names.note(member, of: item)
      let present = member.isNull ? nil : member
      if member.isCalled("identifiers", in: item) {
        identifiers = present
      } else if member.isCalled("properties", in: item) {
        properties = present
      } else if member.isCalled("displayName", in: item) {
        displayName = present
      } else if member.isCalled("description", in: item) {
        description = present
      } else if member.isCalled("investor", in: item) {
        investor = present
      } else if member.isCalled("scope", in: item) {
        scope = present
      }
    }
  }

  /// - Parameter schema: what the item is taken for where it does not tell itself.
  /// - Throws: the first fault found.
  func check(_ item: Span<UInt8>, schema: LusidSchema) throws(ItemFault) {
    if names.suspectsRepeat, let name = repeatedName(in: item, object, besides: [Added.error]) {
      throw .repeated(name)
    }
    guard let identifiers else { throw .missing("identifiers") }
    let map = LusidPropertyMap(path: "identifiers")
    if try map.check(identifiers, in: item, forKey: true) == 0 {
      throw ItemFault(.missingField, "identifiers needs at least one identifier")
    }
    if let properties {
      let count = try LusidPropertyMap(path: "properties").check(properties, in: item)
      if count > 100 { throw .invalid("properties", mustBe: "at most 100 properties, these are \(count)") }
    }
    guard let displayName else { throw .missing("displayName") }
    try item.checkIsText(displayName, at: "displayName", units: 1...512)
    if let description { try item.checkIsText(description, at: "description", units: 0...512) }
    let form = try checkInvestor(item)
    if scope != nil || (form ?? schema) == .current {
      guard let scope else { throw .missing("scope") }
      guard scope.kind == .string, LusidKey.isCode(item, scope.value.content) else {
        throw .invalid("scope", mustBe: LusidKey.codeRule)
      }
    }
  }

  /// - Returns: the schema that the investor's identifiers tell; nil where they tell none.
  private func checkInvestor(_ item: Span<UInt8>) throws(ItemFault) -> LusidSchema? {
    guard let investor else { return nil }
    guard investor.kind == .object else { throw .invalid("investor", mustBe: "an object") }
    var form: LusidSchema?
    try forEachMember(of: item, in: investor.value) { (member) throws(ItemFault) in
      if member.isNull { return }
      if member.isCalled("investorType", in: item) {
        let types = ["Person", "LegalEntity", "Nominee"]
        guard member.kind == .string,
          types.contains(where: { equals(item, member.value.content, $0, hasEscapes: true) })
        else { throw .invalid("investor.investorType", mustBe: "Person, LegalEntity or Nominee") }
      } else if member.isCalled("identifiers", in: item) {
        form = .current
        try checkPlainIdentifiers(member, in: item)
      } else if member.isCalled("investorIdentifiers", in: item) {
        if form == nil { form = .seed }
        _ = try LusidPropertyMap(path: "investor.investorIdentifiers").check(member, in: item)
      }
    }
    return form
  }

  /// The current schema's map of a key to a plain string.
  private func checkPlainIdentifiers(_ map: JSONMember, in item: Span<UInt8>) throws(ItemFault) {
    guard map.kind == .object else { throw .invalid("investor.identifiers", mustBe: "an object") }
    try forEachMember(of: item, in: map.value) { (member) throws(ItemFault) in
      guard LusidKey.isKey(item, member.name) else {
        throw .invalid("investor.identifiers.\(member.spelledName(item))", mustBe: LusidKey.rule)
      }
      guard member.kind == .string || member.isNull else {
        throw .invalid("investor.identifiers.\(member.spelledName(item))", mustBe: "a string")
      }
    }
  }

  // MARK: Key

  /// The hash of the sorted identifiers and the scope; nil where there are no identifiers, or they are ambiguous.
  ///
  /// Stored on disk: FNV-1a of `key 0xFF value` for each identifier, in ascending order, then of 0xFF and the scope.
  func keyHash(_ item: Span<UInt8>) -> UInt64? {
    guard let identifiers, identifiers.kind == .object, !names.suspectsRepeat else { return nil }
    var hashes: [UInt64] = []
    forEachMember(of: item, in: identifiers.value) { identifier in
      var hasher = KeyHasher()
      hasher.addText(item, identifier.name)
      hasher.separate()
      hasher.addValue(item, LusidPropertyMap.label(of: identifier, in: item))
      hashes.append(hasher.hash)
    }
    if hashes.isEmpty { return nil }
    hashes.sort()
    var hasher = KeyHasher()
    for hash in hashes { hasher.add(hash) }
    hasher.separate()
    if let scope { hasher.addValue(item, scope.value) }
    return hasher.hash
  }

  /// `InvestorRecord/ExternalIdentifier/ExternalIRId=IR_1`, several with commas between; nil without identifiers.
  func spelledKey(_ item: Span<UInt8>) -> String? {
    guard let identifiers, identifiers.kind == .object else { return nil }
    var parts: [String] = []
    forEachMember(of: item, in: identifiers.value) { identifier in
      guard parts.count < 10 else { return }
      let value = JSONValue.spelled(item, LusidPropertyMap.label(of: identifier, in: item))
      parts.append("\(identifier.spelledName(item))=\(value)")
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ").cut(to: 400)
  }
}
