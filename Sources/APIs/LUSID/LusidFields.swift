import Core
import Formats
import JSONText
import Settings

/// Proposes where a CSV's columns go in an investor record.
///
/// Only its users know the scopes and properties that a LUSID has: `SCOPE` is the placeholder.
struct LusidFields {
  private let columns: [ObservedColumn]
  private var codes: Set<String> = []
  /// The last number that was appended to a code to make it unique.
  private var counts: [String: Int] = [:]
  private var proposal = FieldProposal(fields: [])

  private static let scope = FieldProposal.placeholder

  /// - Parameter schema: decides whether a record needs a scope.
  static func proposal(for columns: [ObservedColumn], schema: LusidSchema) -> FieldProposal {
    if columns.contains(where: { $0.name.hasPrefix("identifiers.") }) { return FieldProposal(fields: nil) }
    var fields = LusidFields(columns)
    fields.fill(schema)
    return fields.proposal
  }

  private init(_ columns: [ObservedColumn]) { self.columns = columns }

  private mutating func fill(_ schema: LusidSchema) {
    let key = FieldProposal.keyColumn(of: columns)
    let names = FieldProposal.nameColumns(of: columns, besides: key)
    let description = columns.indices.first { index in
      index != key && !names.contains(index)
        && ["description", "beschreibung", "bezeichnung"].contains(FieldName(columns[index].name).words)
    }
    let scope = columns.firstIndex { FieldName($0.name).words == ["scope"] }
    proposal.fields = columns.indices.map { index in
      switch index {
      case key: return [.init(to: identifier(columns[index]))]
      case names.first where names.count == 1: return [.init(to: "displayName")]
      case description: return [.init(to: "description")]
      case scope: return [.init(to: "scope")]
      default: return [investorType(columns[index]) ?? property(columns[index])]
      }
    }
    if names.count == 2 {
      proposal.computed = [
        .init(
          to: "displayName", parts: [.column(columns[names[0]].name), .text(" "), .column(columns[names[1]].name)])
      ]
    }
    if let key {
      if let doubt = FieldProposal.doubt(aboutKey: columns[key]) { proposal.unsure.append(doubt) }
    } else {
      proposal.unsure.append(
        "which column identifies an investor record: none looks like it, but a record needs at least one identifier")
    }
    if names.isEmpty {
      let reason = "LUSID requires displayName, but no column looks like a name"
      if let key {
        proposal.fields?[key].append(.init(to: "displayName"))
        proposal.unsure.append("\(reason): \(columns[key].name.quoted) fills it, too")
      } else {
        proposal.unsure.append(reason)
      }
    }
    if names.count == 1, !columns[names[0]].isComplete {
      proposal.unsure.append(
        "what displayName is where \(columns[names[0]].name.quoted) is empty: without it a row is rejected")
    }
    if scope == nil, schema == .current {
      proposal.constants.append(.init(to: "scope", json: "\"\(Self.scope)\""))
    }
    proposal.unsure.append(
      "the scopes, which no file shows: put your own in place of \(Self.scope); the codes are made from the columns' "
        + "names")
    let properties = (proposal.fields ?? []).joined().count { $0.to.hasPrefix("properties.") }
    if properties > 100 {
      proposal.unsure.append(
        "which columns matter: these are \(properties) properties, and LUSID takes at most 100; move others to ignore")
    }
  }

  private mutating func identifier(_ column: ObservedColumn) -> String {
    "identifiers.InvestorRecord/\(Self.scope)/\(code(column))"
  }

  private mutating func property(_ column: ObservedColumn) -> ColumnMapping.MappedField {
    var field = ColumnMapping.MappedField(to: "properties.InvestorRecord/\(Self.scope)/\(code(column))")
    switch column.content {
    case .number: field.type = .number
    case .list: field.type = .list
    case .date(let pattern): field.date = pattern
    // A property is text, a number or a list.
    case .empty, .text, .boolean, .json: break
    }
    return field
  }

  /// The column's code, different from those before it.
  private mutating func code(_ column: ObservedColumn) -> String {
    let code = FieldName(column.name).code
    let base = code.isEmpty ? "CODE" : code
    var candidate = base
    while !codes.insert(candidate).inserted {
      counts[base, default: 1] += 1
      candidate = "\(base.prefix(56))-\(counts[base, default: 1])"
    }
    return candidate
  }

  /// Nil unless the column is a type and each of its values is known.
  private mutating func investorType(_ column: ObservedColumn) -> ColumnMapping.MappedField? {
    let words = FieldName(column.name).words
    guard [["type"], ["typ"], ["investor", "type"], ["client", "type"], ["holder", "type"]].contains(words),
      let values = column.values, !values.isEmpty
    else { return nil }
    var types: [String: String] = [:]
    for value in values {
      guard let type = Self.types[value.lowercased()] else { return nil }
      types[value] = type
    }
    if types.allSatisfy({ $0.key == $0.value }) { return .init(to: "investor.investorType") }
    proposal.unsure.append("whether \(column.name.quoted) has further values: a row with another one is rejected")
    return .init(to: "investor.investorType", values: types)
  }

  private static let types = [
    "p": "Person", "person": "Person", "i": "Person", "individual": "Person", "natural person": "Person",
    "c": "LegalEntity", "company": "LegalEntity", "corporate": "LegalEntity", "l": "LegalEntity",
    "legalentity": "LegalEntity", "legal entity": "LegalEntity", "entity": "LegalEntity", "n": "Nominee",
    "nominee": "Nominee",
  ]
}

extension FieldProposal {
  /// The column with the record's name, or the two with its first and last part; empty if none looks like it.
  static func nameColumns(of columns: [ObservedColumn], besides key: Int?) -> [Int] {
    let texts = columns.indices.filter { index in
      index != key && (columns[index].content == .text || columns[index].content == .empty)
    }
    func column(called names: [String]...) -> Int? {
      for name in names {
        if let index = texts.first(where: { FieldName(columns[$0].name).words == name }) { return index }
      }
      return nil
    }
    if let name = column(called: ["name"], ["display", "name"], ["full", "name"], ["firma"], ["company"]) {
      return [name]
    }
    if let first = column(called: ["first", "name"], ["vorname"], ["given", "name"]),
      let last = column(called: ["last", "name"], ["nachname"], ["surname"], ["family", "name"])
    {
      return [first, last]
    }
    return texts.first { FieldName(columns[$0].name).isName }.map { [$0] } ?? []
  }
}
