/// Checks one upsert request against LUSID's rules.
///
/// A request that has `scope` or `investor.identifiers` uses the current schema; otherwise one with
/// `investor.investorIdentifiers` uses the seed schema; otherwise it uses the current schema, without the scope that
/// this requires. Members that a schema does not know are ignored, as the real service does.
struct InvestorRecordCheck {
  /// Valid JSON, wrong content: only this request fails.
  private(set) var flaws: [ValidationError] = []
  /// JSON that does not fit the schema's types: the whole body can't be read.
  private(set) var misfits: [ValidationError] = []
  private(set) var parts = Parts()
  private(set) var staged: ScriptedOutcome?

  /// The request's members that the answer repeats.
  struct Parts {
    var scope: JSONPart?
    var displayName: JSONPart?
    var description: JSONPart?
    var identifiers: JSONPart?
    var properties: JSONPart?
    var investor: JSONPart?
  }

  init(_ request: JSONPart) {
    guard request.kind == .object else {
      misfits.append(ValidationError(path: "", message: "The request must be an object."))
      return
    }
    for (name, value) in request.members {
      if name.says("scope") { parts.scope = value.present }
      if name.says("displayName") { parts.displayName = value.present }
      if name.says("description") { parts.description = value.present }
      if name.says("identifiers") { parts.identifiers = value.present }
      if name.says("properties") { parts.properties = value.present }
      if name.says("investor") { parts.investor = value.present }
    }
    let isCurrent =
      parts.scope != nil || parts.investor?.member("identifiers") != nil
      || parts.investor?.member("investorIdentifiers") == nil
    if isCurrent { checkScope() }
    checkText(parts.displayName, at: "displayName", 1...512, isRequired: true)
    checkText(parts.description, at: "description", 0...512, isRequired: false)
    checkProperties(parts.identifiers, at: "identifiers", 1...Int.max)
    checkProperties(parts.properties, at: "properties", 0...100)
    checkInvestor(isCurrent: isCurrent)
    staged = ScriptedOutcome(parts.description)
    if staged == .reject {
      flaws.append(ValidationError(path: "description", message: "The description asks for a rejection."))
    }
    if staged == .malformed {
      misfits.append(ValidationError(path: "description", message: "The description asks for a 400."))
    }
  }

  /// The request's scope and sorted identifiers; nil without identifiers.
  var key: String? {
    guard let identifiers = parts.identifiers, identifiers.kind == .object else { return nil }
    let pairs = identifiers.members.map { "\($0.name.text)=\(Self.identity(of: $0.value))" }
    guard !pairs.isEmpty else { return nil }
    return (parts.scope.map { $0.text + " " } ?? "") + pairs.sorted().joined(separator: " ")
  }

  private static func identity(of property: JSONPart) -> String {
    guard let value = property.member("value") else { return "" }
    return (value.member("labelValue")?.present ?? value).text
  }

  private mutating func checkScope() {
    guard let scope = parts.scope else { return flaw("scope", "The scope is required.") }
    guard scope.kind == .string else { return misfit("scope", "The scope must be a string.") }
    if !PropertyKey.isCode(scope.text) { flaw("scope", PropertyKey.codeRule("scope")) }
  }

  private mutating func checkText(_ value: JSONPart?, at path: String, _ length: ClosedRange<Int>, isRequired: Bool) {
    guard let value else {
      if isRequired { flaw(path, "The field \(path) is required.") }
      return
    }
    guard value.kind == .string else { return misfit(path, "The field \(path) must be a string.") }
    if value.raw.count - 2 < length.lowerBound || value.isLonger(than: length.upperBound) {
      flaw(path, "The field \(path) must have \(length.lowerBound) to \(length.upperBound) characters.")
    }
  }

  private mutating func checkProperties(_ map: JSONPart?, at path: String, _ count: ClosedRange<Int>) {
    guard let map else {
      if count.lowerBound > 0 { flaw(path, "The field \(path) is required.") }
      return
    }
    guard map.kind == .object else { return misfit(path, "The field \(path) must be an object.") }
    var found = 0
    for (name, property) in map.members {
      found += 1
      checkProperty(property, named: name, in: path)
    }
    if found < count.lowerBound { flaw(path, "The field \(path) must have at least \(count.lowerBound) member.") }
    if found > count.upperBound { flaw(path, "The field \(path) must have at most \(count.upperBound) members.") }
  }

  private mutating func checkProperty(_ property: JSONPart, named name: JSONPart, in path: String) {
    // Paths are built only when something is wrong: most requests are valid.
    func at(_ member: String = "") -> String { "\(path).\(name.text)\(member)" }
    guard property.kind == .object else { return misfit(at(), "A property must be an object.") }
    if !PropertyKey.isKey(name) { flaw(at(), PropertyKey.keyRule) }
    var value: JSONPart?
    var hasKey = false
    for member in property.members {
      if member.name.says("value") {
        value = member.value.present
      } else if member.name.says("key") {
        hasKey = member.value.kind == .string
        guard hasKey else { return misfit(at(".key"), "The key must be a string.") }
        if member.value.raw != name.raw, member.value.text != name.text {
          flaw(at(".key"), "The key must be the same as the name that the property is listed under.")
        }
      } else if member.name.says("effectiveFrom") || member.name.says("effectiveUntil") {
        guard let date = member.value.present else { continue }
        if date.kind != .string { misfit(at("." + member.name.text), "A date must be a string.") }
      }
    }
    if !hasKey { flaw(at(".key"), "The key is required.") }
    guard let value else { return flaw(at(".value"), "The value is required.") }
    checkValue(value, at: at(".value"))
  }

  private mutating func checkValue(_ value: JSONPart, at path: @autoclosure () -> String) {
    guard value.kind == .object else { return misfit(path(), "A property's value must be an object.") }
    var kinds = 0
    for (name, content) in value.members where content.kind != .null {
      if name.says("labelValue") {
        kinds += 1
        guard content.kind == .string else { return misfit(path() + ".labelValue", "A label must be a string.") }
        if content.isLonger(than: 1024) { flaw(path() + ".labelValue", "A label must have at most 1024 characters.") }
      } else if name.says("metricValue") {
        kinds += 1
        guard content.kind == .object else { return misfit(path() + ".metricValue", "A metric must be an object.") }
        guard let number = content.member("value")?.present else {
          flaw(path() + ".metricValue", "A metric needs a value.")
          continue
        }
        if number.kind != .number { misfit(path() + ".metricValue.value", "A metric's value must be a number.") }
      } else if name.says("labelValueSet") {
        kinds += 1
        checkLabels(content, at: path() + ".labelValueSet")
      }
    }
    if kinds != 1 { flaw(path(), "The value must have exactly one of labelValue, metricValue and labelValueSet.") }
  }

  private mutating func checkLabels(_ set: JSONPart, at path: String) {
    guard set.kind == .object, let values = set.member("values"), values.kind == .array else {
      return misfit(path, "A label set must be an object with an array of values.")
    }
    for value in values.elements {
      guard value.kind == .string else { return misfit(path + ".values", "A label must be a string.") }
      if value.isLonger(than: 1024) { flaw(path + ".values", "A label must have at most 1024 characters.") }
    }
  }

  private mutating func checkInvestor(isCurrent: Bool) {
    guard let investor = parts.investor else { return }
    guard investor.kind == .object else { return misfit("investor", "The investor must be an object.") }
    let types: [StaticString] = isCurrent ? ["Person", "LegalEntity", "Nominee"] : ["Person", "LegalEntity"]
    if let type = investor.member("investorType")?.present {
      guard type.kind == .string else {
        return misfit("investor.investorType", "The investor's type must be a string.")
      }
      if !types.contains(where: type.says) {
        flaw(
          "investor.investorType",
          "The investor's type must be one of \(types.map(\.description).joined(separator: ", ")).")
      }
    } else if isCurrent {
      flaw("investor.investorType", "The investor's type is required.")
    }
    if isCurrent {
      checkPlainIdentifiers(investor.member("identifiers")?.present)
    } else {
      checkProperties(investor.member("investorIdentifiers")?.present, at: "investor.investorIdentifiers", 0...Int.max)
    }
  }

  private mutating func checkPlainIdentifiers(_ map: JSONPart?) {
    let path = "investor.identifiers"
    guard let map else { return }
    guard map.kind == .object else { return misfit(path, "The investor's identifiers must be an object.") }
    for (name, value) in map.members {
      if !PropertyKey.isKey(name) { flaw("\(path).\(name.text)", PropertyKey.keyRule) }
      guard let value = value.present else { continue }
      if value.kind != .string { misfit("\(path).\(name.text)", "An investor's identifier must be a string.") }
      if value.isLonger(than: 1024) { flaw("\(path).\(name.text)", "A label must have at most 1024 characters.") }
    }
  }

  private mutating func flaw(_ path: String, _ message: String) {
    flaws.append(ValidationError(path: path, message: message))
  }

  private mutating func misfit(_ path: String, _ message: String) {
    misfits.append(ValidationError(path: path, message: message))
  }
}

extension JSONPart {
  /// Nil for `null`, which represents a missing member.
  var present: JSONPart? { kind == .null ? nil : self }
}

/// One fault in a request.
struct ValidationError: Equatable {
  /// Relative to the request: `displayName`, `properties.InvestorRecord/Details/Name.value`; empty for the request
  /// itself.
  var path: String
  var message: String
}
