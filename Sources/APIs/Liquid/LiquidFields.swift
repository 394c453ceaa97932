import Core
import Formats
import JSONText
import Settings

/// Proposes where a CSV's columns go in an item's data.
struct LiquidFields {
  private let columns: [ObservedColumn]
  private let item: ItemDefaults
  private var taken: Set<String> = []
  /// The last number that was appended to a name to make it unique.
  private var counts: [String: Int] = [:]

  /// - Parameter defaults: the route's `item`; nil if there is no route yet.
  static func proposal(for columns: [ObservedColumn], defaults: ItemDefaults?) -> FieldProposal {
    let names = columns.map(\.name)
    if isHeaderOfPaths(columns, defaults) {
      let item = defaults ?? ItemDefaults.guess(fields: names.map { String($0.prefix { $0 != ":" }) }, headers: names)
      var proposal = FieldProposal(fields: nil)
      proposal.state(item, isGuess: defaults == nil)
      return proposal
    }
    var fields = LiquidFields(columns, defaults ?? ItemDefaults.guess(fields: names, headers: []))
    return fields.proposal(isGuess: defaults == nil)
  }

  /// For items in JSON that are just their data.
  static func keys(for members: [String], defaults: ItemDefaults?) -> FieldProposal {
    var item = defaults ?? ItemDefaults.guess(fields: members, headers: [])
    var proposal = FieldProposal(fields: nil)
    if defaults == nil, !item.key.allSatisfy(members.contains) {
      item.key = []
      proposal.unsure.append(Self.keyless)
    }
    proposal.state(item, isGuess: defaults == nil)
    return proposal
  }

  private static let keyless =
    "what tells the items apart: nothing looks like their key; without item.key the whole inbox is sent in order"

  private init(_ columns: [ObservedColumn], _ item: ItemDefaults) {
    self.columns = columns
    self.item = item
  }

  /// Whether the names are paths that somebody wrote for this API; nearly any text could be one.
  private static func isHeaderOfPaths(_ columns: [ObservedColumn], _ defaults: ItemDefaults?) -> Bool {
    let paths = columns.compactMap { try? CellPath(parsing: $0.name) }
    guard paths.count == columns.count, columns.allSatisfy({ isMemberLike($0.name) }) else { return false }
    if paths.contains(where: { $0.steps.count > 1 || $0.text.contains(":") }) { return true }
    guard let key = defaults?.key ?? paths.first(where: { $0.name.hasSuffix("Id") }).map({ [$0.name] }) else {
      return false
    }
    return key.allSatisfy { field in paths.contains { $0.name == field } }
      && columns.allSatisfy { $0.content == .text || $0.content == .empty || key.contains($0.name) }
  }

  /// Whether it is written like a member of JSON: `accountId`, `addresses[0].city:list`.
  private static func isMemberLike(_ name: String) -> Bool {
    name.utf8.first.map { UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 } == true
      && name.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
          || "_.[]:".unicodeScalars.contains(scalar)
      }
  }

  private mutating func proposal(isGuess: Bool) -> FieldProposal {
    var fields = [String?](repeating: nil, count: columns.count)
    var lacking: [String] = []
    for field in item.key {
      if let index = columns.indices.first(where: {
        fields[$0] == nil && FieldName(columns[$0].name).camelCase == field
      }) {
        fields[index] = field
      } else {
        lacking.append(field)
      }
    }
    var proposal = FieldProposal(fields: nil)
    if item.key.count == 1, lacking.count == 1 {
      if let index = FieldProposal.keyColumn(of: columns) {
        fields[index] = lacking[0]
        if let doubt = FieldProposal.doubt(aboutKey: columns[index]) { proposal.unsure.append(doubt) }
        lacking = []
      }
    }
    var item = item
    if !lacking.isEmpty, isGuess {
      item.key = []
      proposal.unsure.append(Self.keyless)
    } else if !lacking.isEmpty {
      proposal.unsure.append(
        "which column fills \(lacking.map(\.quoted).joined(separator: ", ")): none looks like it, but item.key needs it"
      )
    }
    taken = Set(fields.compactMap(\.self))
    proposal.fields = columns.indices.map { index in
      if let field = fields[index] { return [.init(to: field)] }
      return [mapped(columns[index])]
    }
    proposal.unsure.append("the fields' names, which are made from the columns' names: put in your own")
    proposal.state(item, isGuess: isGuess)
    return proposal
  }

  private mutating func mapped(_ column: ObservedColumn) -> ColumnMapping.MappedField {
    var field = ColumnMapping.MappedField(to: name(column))
    switch column.content {
    case .number: field.type = .number
    case .boolean(let values):
      field.type = .boolean
      field.values = values
    case .list: field.type = .list
    case .json: field.type = .json
    case .date(let pattern): field.date = pattern
    case .empty, .text: break
    }
    return field
  }

  /// The column's field, different from those before it: `Account Name` of an account is its `name`.
  private mutating func name(_ column: ObservedColumn) -> String {
    if Self.isMemberLike(column.name), let path = try? CellPath(parsing: column.name), path.steps.count > 1,
      taken.insert(path.name).inserted
    {
      return path.name
    }
    let name = FieldName(column.name)
    let type = FieldName(item.type ?? "").words
    var candidates = [name.english, name.camelCase].compactMap(\.self)
    if !type.isEmpty, name.words.count > type.count, name.words.starts(with: type) {
      candidates.insert(FieldName.camelCase(name.words.dropFirst(type.count)), at: 0)
    }
    let best = candidates.first { !$0.isEmpty } ?? "field"
    var free = candidates.first { !$0.isEmpty && !taken.contains($0) } ?? best
    while taken.contains(free) {
      counts[best, default: 1] += 1
      free = "\(best)\(counts[best, default: 1])"
    }
    taken.insert(free)
    return free
  }
}

extension ItemDefaults {
  /// Whether it is the name of a member, and not a path.
  private static func isPlain(_ field: String) -> Bool {
    field.unicodeScalars.allSatisfy { scalar in
      scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "_")
    }
  }

  /// What an item of such fields may be: one with `orderId` is an `Order`, any other an `Account`.
  fileprivate static func guess(fields: [String], headers: [String]) -> ItemDefaults {
    let id = fields.first { $0.hasSuffix("Id") && $0.count > 2 && isPlain($0) } ?? "accountId"
    let type = id.dropLast(2)
    var item = ItemDefaults(key: [id])
    if !headers.contains("headers.category") { item.category = "entity" }
    if !headers.contains("headers.type") { item.type = type.prefix(1).uppercased() + type.dropFirst() }
    if !headers.contains("headers.action") { item.action = "Merge" }
    return item
  }
}

extension FieldProposal {
  fileprivate mutating func state(_ item: ItemDefaults, isGuess: Bool) {
    var members: [(name: String, value: JSONValue)] = []
    if let category = item.category { members.append(("category", .string(category))) }
    if let type = item.type { members.append(("type", .string(type))) }
    if let action = item.action { members.append(("action", .string(action))) }
    if !item.key.isEmpty { members.append(("key", .array(item.key.map(JSONValue.string)))) }
    routeKeys = [("item", .object(members))]
    own[ItemDefaults.self] = item
    if isGuess {
      unsure.append("the items' category, type, action and key, which no file shows: put your own into item")
    }
  }
}
