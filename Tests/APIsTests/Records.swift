/// LUSID requests for tests, put together from parts.
enum Records {
  static let key = "InvestorRecord/ExternalIdentifier/ExternalIRId"

  static func property(_ key: String = key, _ value: String = #"{"labelValue":"IR_1"}"#, more: String = "") -> String {
    #""\#(key)":{"key":"\#(key)","value":\#(value)\#(more)}"#
  }

  /// A record of the current schema.
  static func current(
    identifiers: String = "{\(property())}", displayName: String = #""Jane""#, scope: String = #""Scope-1""#,
    more: String = ""
  ) -> String {
    #"{"scope":\#(scope),"identifiers":\#(identifiers),"displayName":\#(displayName)\#(more)}"#
  }

  /// With one further property that has `value`.
  static func withProperty(_ value: String) -> String {
    current(more: #","properties":{\#(property("A/b/c", value))}"#)
  }
}
