import APIs
import Core
import Foundation
import JSONText
import Settings
import Testing

/// The JSON Schemas in `config/schemas` say of the APIs what the list and the folders say.
///
/// With `UPSERTD_WRITE_SCHEMAS` in the environment the test writes the files instead of comparing them.
@Suite struct SchemaTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "config/schemas")

  @Test(arguments: ["configuration", "receipt", "status"])
  func `a schema names the APIs of the list, and has what their folders say`(_ name: String) throws {
    let file = Self.folder.appending(path: "\(name).schema.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    var schema = try JSONValue.parse(Array(text.utf8))
    schema.nameAPIs()
    if name == "configuration" { try schema.describeAPIs() }
    let derived = schema.written() + "\n"
    if ProcessInfo.processInfo.environment["UPSERTD_WRITE_SCHEMAS"] != nil {
      try derived.write(to: file, atomically: true, encoding: .utf8)
    } else {
      #expect(derived == text)
    }
  }

  @Test func `every key that one API alone has is described`() {
    for api in APIs.all {
      #expect(Set(api.schema.target.keys) == Set(api.targetKeys))
      #expect(Set(api.schema.auth.keys) == Set(api.authKeys + [api.sdkFileKey].compactMap { $0 }))
      #expect(Set(api.schema.route.keys) == Set(api.routeKeys))
    }
  }
}

extension JSONValue {
  fileprivate var object: [(name: String, value: JSONValue)] {
    get { members ?? [] }
    set { self = .object(newValue) }
  }

  /// Nil takes the member away; a new one comes last.
  fileprivate subscript(member name: String) -> JSONValue? {
    get { self[name] }
    set {
      let place = object.firstIndex { $0.name == name }
      switch (place, newValue) {
      case (let place?, let value?): object[place].value = value
      case (let place?, nil): object.remove(at: place)
      case (nil, let value?): object.append((name, value))
      case (nil, nil): break
      }
    }
  }

  /// Puts the list into the `enum` of each property `api`.
  fileprivate mutating func nameAPIs(isProperty: Bool = false) {
    switch self {
    case .array(let elements):
      self = .array(
        elements.map {
          var element = $0
          element.nameAPIs(isProperty: isProperty)
          return element
        })
    case .object:
      for (name, value) in object {
        var value = value
        if name == "enum", isProperty {
          value = .array(APIs.all.map { .string($0.kind.rawValue) })
        } else {
          value.nameAPIs(isProperty: name == "api" || isProperty && name == "anyOf")
        }
        self[member: name] = value
      }
    default: break
    }
  }

  fileprivate mutating func describeAPIs() throws {
    var definitions = try #require(self["$defs"])
    for api in APIs.all {
      for (name, keys) in [
        ("target", api.schema.target), ("auth", api.schema.auth), ("route", api.schema.route),
      ] {
        for (key, text) in keys.sorted(by: { $0.key < $1.key }) {
          definitions[member: name]?[member: "properties"]?[member: key] = try JSONValue.parse(Array(text.utf8))
        }
      }
    }
    let conditions = try APIs.all.compactMap { api in
      try api.schema.whole.map { whole in
        JSONValue([
          "if": JSONValue(["properties": JSONValue(["api": JSONValue(["const": .string(api.kind.rawValue)])])]),
          "then": try JSONValue.parse(Array(whole.utf8)),
        ])
      }
    }
    var target = try #require(definitions["target"])
    target[member: "if"] = conditions.count == 1 ? conditions[0]["if"] : nil
    target[member: "then"] = conditions.count == 1 ? conditions[0]["then"] : nil
    target[member: "allOf"] = conditions.count > 1 ? .array(conditions) : nil
    definitions[member: "target"] = target
    self[member: "$defs"] = definitions
  }

  /// A line for each member and element, indented by two.
  fileprivate func written(indentation: String = "") -> String {
    let inner = indentation + "  "
    func block(_ open: String, _ lines: [String], _ close: String) -> String {
      lines.isEmpty
        ? open + close
        : "\(open)\n" + lines.map { inner + $0 }.joined(separator: ",\n") + "\n\(indentation)\(close)"
    }
    func plain(_ value: JSONValue) -> String {
      var text: [UInt8] = []
      value.append(to: &text)
      return String(decoding: text, as: UTF8.self)
    }
    switch self {
    case .object(let members):
      return block(
        "{", members.map { "\(plain(.string($0.name))): \($0.value.written(indentation: inner))" }, "}")
    case .array(let elements): return block("[", elements.map { $0.written(indentation: inner) }, "]")
    default: return plain(self)
    }
  }
}
