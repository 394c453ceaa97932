/// Settings that only one API has: values of types declared in its own folder, at most one of each.
package struct OwnSettings: Sendable, Equatable {
  private var values: [ObjectIdentifier: any Sendable & Equatable] = [:]

  package init() {}

  package subscript<Value: Sendable & Equatable>(_: Value.Type) -> Value? {
    get { values[ObjectIdentifier(Value.self)] as? Value }
    set { values[ObjectIdentifier(Value.self)] = newValue }
  }

  package static func == (a: OwnSettings, b: OwnSettings) -> Bool {
    a.values.count == b.values.count && a.values.allSatisfy { isEqual($1, b.values[$0]) }
  }

  private static func isEqual<Value: Equatable>(_ value: Value, _ other: (any Sendable & Equatable)?) -> Bool {
    value == other as? Value
  }
}
