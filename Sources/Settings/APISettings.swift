package import Core

/// The configuration of one kind of API, and the words that messages use for it.
///
/// `Settings.load` gets a list of these; nothing else in this module knows which APIs exist. The readers know the keys
/// of every API, so that another API's key is distinguished from a misspelt one.
package protocol APISettings: Sendable {
  /// The value of `api` in a target.
  var kind: APIKind { get }
  /// The API's name as its vendor writes it.
  var title: String { get }
  /// For messages: an example of a target's `url`.
  var exampleURL: String { get }
  /// Whether a request can be applied all or nothing (`success_mode: Atomic`).
  var hasAtomicMode: Bool { get }

  /// Target keys that only this API has.
  var targetKeys: [String] { get }
  /// Reads and checks `targetKeys`.
  ///
  /// - Parameter api: the target's API, possibly another one, for which the keys mean nothing; nil if it is unknown.
  func readTarget(_ section: ConfigSection, of api: (any APISettings)?, into own: inout OwnSettings)

  /// Route keys that only this API has.
  var routeKeys: [String] { get }
  /// Reads and checks `routeKeys`; whether the route leads to this API is checked elsewhere.
  func readRoute(_ section: ConfigSection, into own: inout OwnSettings)

  /// What is known of the fields that a route's CSV columns fill.
  ///
  /// - Parameters:
  ///   - target: the settings of the target that belong to this API.
  ///   - route: those of the route.
  ///   - validate: false leaves every check to the API.
  func columnRules(target: OwnSettings, route: OwnSettings, validate: Bool) -> any ColumnRules
  /// What at least one column's path begins with where `target: auto` picks this API; nil if it never does.
  var columnPrefix: String? { get }

  /// Keys of `auth` that only this API has, besides `sdkFileKey`.
  var authKeys: [String] { get }
  /// Reads and checks `authKeys`, and adds the parts of a grant that follow from the API.
  ///
  /// - Parameter auth: nil if there is no `auth`.
  /// - Parameter api: the target's API, as for `readTarget`.
  /// - Parameter url: the target's URL, if known.
  func completeGrant(_ parts: inout GrantParts, _ auth: ConfigSection?, of api: (any APISettings)?, url: String?)
  /// Reports what a grant for this API lacks, beyond the requirements of every grant.
  func checkGrant(_ auth: ConfigSection)
  /// Whether `completeGrant` derives the token endpoint's URL from the target's: a missing one is then caused by that.
  var makesTokenURL: Bool { get }
  /// What to add if `auth` gives no credentials.
  var authAdvice: String { get }
  /// What to add if there is no `auth`.
  var missingAuthAdvice: String { get }

  /// The key of `auth` that names the configuration file of the API's own SDK; nil if there is no such file.
  var sdkFileKey: String? { get }
  /// Reads the file named by `entry`, the value of `sdkFileKey`; if it can't be used, reports a fault and returns nil.
  func sdkConfiguration(fileNamedBy entry: ConfigNode) -> SDKConfiguration?
  /// What such a file says; if it can't be used, reports a fault and returns nil.
  func sdkConfiguration(in document: SecretDocument) -> SDKConfiguration?
  /// The configuration that the API's own SDK finds in the environment; nil if it has no such variables.
  func sdkConfiguration(environment: [String: String]) -> SDKConfiguration?

  /// The parts of `config/schemas/configuration.schema.json` for the keys above.
  var schema: ConfigurationSchema { get }
}

extension APISettings {
  package var hasAtomicMode: Bool { false }
  package var targetKeys: [String] { [] }
  package func readTarget(_ section: ConfigSection, of api: (any APISettings)?, into own: inout OwnSettings) {}
  package var routeKeys: [String] { [] }
  package func readRoute(_ section: ConfigSection, into own: inout OwnSettings) {}
  package var authKeys: [String] { [] }
  package func completeGrant(
    _ parts: inout GrantParts, _ auth: ConfigSection?, of api: (any APISettings)?, url: String?
  ) {}
  package func checkGrant(_ auth: ConfigSection) {}
  package var makesTokenURL: Bool { false }
  package var authAdvice: String {
    "give access_token_file, or username, password_file, client_id, client_secret_file and token_url"
  }
  package var missingAuthAdvice: String { authAdvice }
  package var sdkFileKey: String? { nil }
  package func sdkConfiguration(fileNamedBy entry: ConfigNode) -> SDKConfiguration? { nil }
  package func sdkConfiguration(in document: SecretDocument) -> SDKConfiguration? { nil }
  package func sdkConfiguration(environment: [String: String]) -> SDKConfiguration? { nil }
  package var schema: ConfigurationSchema { ConfigurationSchema() }
}

/// An API's part of the configuration's JSON Schema, each a schema as JSON text; a test writes them into the file.
package struct ConfigurationSchema: Sendable {
  /// Schemas by the keys of a target, of `auth` and of a route.
  package var target: [String: String] = [:]
  package var auth: [String: String] = [:]
  package var route: [String: String] = [:]
  /// Further rules for a target of this API.
  package var whole: String?

  package init(
    target: [String: String] = [:], auth: [String: String] = [:], route: [String: String] = [:], whole: String? = nil
  ) {
    (self.target, self.auth, self.route, self.whole) = (target, auth, route, whole)
  }
}

extension [any APISettings] {
  subscript(kind kind: APIKind?) -> (any APISettings)? { first { $0.kind == kind } }

  /// `lusid or liquid`, `a, b or c`.
  var alternatives: String {
    let names = map(\.kind.rawValue)
    return (names.count > 2 ? [names.dropLast().joined(separator: ", ")] + names.suffix(1) : names)
      .joined(separator: " or ")
  }
}

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
