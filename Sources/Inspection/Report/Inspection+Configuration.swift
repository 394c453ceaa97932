internal import APIs
internal import Core
internal import Formats
package import JSONText

extension Inspection {
  /// The keys of a route that loads the file, without those whose defaults do; nil if upsertd can't read the file.
  package var route: JSONValue? {
    var keys: [(name: String, value: JSONValue)] = [("target", .string(purpose.target ?? api.rawValue))]
    keys += ownKeys
    if let mapping { keys.append(("mapping", .string(mapping.path))) }
    if let format { keys.append(("format", .string(format.rawValue))) }
    switch content {
    case .csv(let csv): keys += csv.routeKeys
    case .json: break
    case .other: return nil
    }
    return .object(keys)
  }

  /// The mapping file's content; nil if none is needed.
  package var mappingDocument: JSONValue? {
    guard let mapping, case .csv(let csv) = content else { return nil }
    var keys: [(name: String, value: JSONValue)] = []
    // In the file's order, which a person compares.
    let columns = csv.columns.map(\.name).compactMap { name in
      mapping.columns[name].map { (name: name, value: Self.value(of: $0)) }
    }
    keys.append(("columns", .object(columns)))
    if !mapping.computed.isEmpty {
      keys.append(
        ("computed", .object(mapping.computed.map { ($0.to, JSONValue(["concat": .array($0.parts.map(Self.text))])) })))
    }
    if !mapping.constants.isEmpty {
      keys.append(
        ("constants", .object(mapping.constants.map { ($0.to, (try? JSONValue.parse(Array($0.json.utf8))) ?? .null) })))
    }
    let ignored = csv.columns.map(\.name).filter(mapping.ignore.contains)
    if !ignored.isEmpty { keys.append(("ignore", .array(ignored.map(JSONValue.string)))) }
    return .object(keys)
  }

  private static func value(of fields: [ColumnMapping.MappedField]) -> JSONValue {
    fields.count == 1 ? value(of: fields[0]) : .array(fields.map(value))
  }

  private static func value(of field: ColumnMapping.MappedField) -> JSONValue {
    var keys: [(name: String, value: JSONValue)] = [("to", .string(field.to))]
    if field.type != .string { keys.append(("type", .string(field.type.rawValue))) }
    if let date = field.date { keys.append(("date", .string(date))) }
    if let timezone = field.timezone { keys.append(("timezone", .string(timezone))) }
    if let values = field.values {
      let isBoolean = field.type == .boolean
      keys.append(
        (
          "values",
          .object(
            values.sorted { $0.key < $1.key }.map { key, value in
              (key, isBoolean ? .bool(value == "true") : .string(value))
            })
        ))
    }
    if let lookup = field.lookup { keys.append(("lookup", .string(lookup.path))) }
    if field.isRequired { keys.append(("required", .bool(true))) }
    if let text = field.defaultText { keys.append(("default", .string(text))) }
    if field.isOptional { keys.append(("optional", .bool(true))) }
    if field.isTrimmed { keys.append(("trim", .bool(true))) }
    if let null = field.null { keys.append(("null", .array(null.sorted().map(JSONValue.string)))) }
    if let numbers = field.numbers { keys += numbers.keys(isOwn: true) }
    return keys.count == 1 ? .string(field.to) : .object(keys)
  }

  private static func text(of part: ColumnMapping.Computed.Part) -> JSONValue {
    switch part {
    case .text(let text): .string(text)
    case .column(let name): .string("{\(name)}")
    }
  }
}

extension CSVInspection {
  /// The keys of `options`, as far as they are not defaults.
  var routeKeys: [(name: String, value: JSONValue)] {
    var keys: [(name: String, value: JSONValue)] = []
    let plain = CSVOptions()
    if let encoding = options.encoding { keys.append(("encoding", .string(encoding))) }
    if options.delimiter != plain.delimiter, case .character(let delimiter) = options.delimiter {
      keys.append(("delimiter", .string(delimiter == "\t" ? "tab" : String(delimiter))))
    }
    if options.quote != plain.quote {
      keys.append(("quote", .string(options.quote.map { String(Unicode.Scalar($0)) } ?? "none")))
    }
    if let escape = options.escape { keys.append(("escape", .string(String(Unicode.Scalar(escape))))) }
    if let header = options.header { keys.append(("header", .array(header.map(JSONValue.string)))) }
    let skip = skipKeys
    if !skip.isEmpty { keys.append(("skip", .object(skip))) }
    if !options.null.isEmpty { keys.append(("null", .array(options.null.sorted().map(JSONValue.string)))) }
    keys += options.numbers.keys(isOwn: false)
    if let trailer = options.trailer, let trailerPattern {
      var members: [(name: String, value: JSONValue)] = [("match", .string(trailerPattern))]
      if let count = trailer.count { members.append(("count", JSONValue(count))) }
      if !trailer.sums.isEmpty { members.append(("sums", .counts(trailer.sums))) }
      keys.append(("trailer", .object(members)))
    }
    return keys
  }

  private var skipKeys: [(name: String, value: JSONValue)] {
    var keys: [(name: String, value: JSONValue)] = []
    if options.skip.first > 0 { keys.append(("first", JSONValue(options.skip.first))) }
    if options.skip.last > 0 { keys.append(("last", JSONValue(options.skip.last))) }
    if let comment = options.skip.comment { keys.append(("comment", .string(comment))) }
    if let before = options.skip.before { keys.append(("before", .string(before))) }
    if let after = options.skip.after { keys.append(("after", .string(after))) }
    if !rowPatterns.isEmpty { keys.append(("rows", .array(rowPatterns.map(JSONValue.string)))) }
    return keys
  }
}

extension NumberForm {
  /// - Parameter isOwn: whether it replaces another form, so that the decimal point must be named, too.
  fileprivate func keys(isOwn: Bool) -> [(name: String, value: JSONValue)] {
    var keys: [(name: String, value: JSONValue)] = []
    if isOwn || decimal != NumberForm().decimal { keys.append(("decimal", .string(String(decimal)))) }
    if let grouping { keys.append(("grouping", .string(String(grouping)))) }
    if !negative.isEmpty { keys.append(("negative", .array(negative.map(\.rawValue).sorted().map(JSONValue.string)))) }
    if !symbols.isEmpty { keys.append(("symbols", .string(symbols.map { String($0) }.sorted().joined()))) }
    return keys
  }
}
