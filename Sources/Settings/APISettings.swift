package import Delivery

/// What the configuration may say of one kind of API, and how messages speak of it.
///
/// `Settings.load` gets a list of these; nothing else in this module knows which APIs there are. Keys of another API are known to the
/// readers, so that such a key is told apart from a misspelt one.
package protocol APISettings: Sendable {
  /// What `api` in a target says.
  var kind: APIKind { get }
  /// As its maker writes it.
  var title: String { get }
  /// For messages: what a target's `url` may look like.
  var exampleURL: String { get }
  /// Whether a request can be applied whole or not at all (`success_mode: Atomic`).
  var hasAtomicMode: Bool { get }

  /// Keys of a target that only this API has.
  var targetKeys: [String] { get }
  /// Reads and checks `targetKeys`.
  ///
  /// - Parameter api: that of the target, perhaps another one, for which the keys mean nothing; nil where it is not known.
  func readTarget(_ section: Section, of api: (any APISettings)?, into own: inout OwnSettings)

  /// Keys of a route that only this API has.
  var routeKeys: [String] { get }
  /// Reads and checks `routeKeys`; that a route leads to this API is checked elsewhere.
  func readRoute(_ section: Section, into own: inout OwnSettings)

  /// Keys of `auth` that only this API has, beside `sdkFileKey`.
  var authKeys: [String] { get }
  /// Reads and checks `authKeys`, and gives a grant the parts that follow from the API.
  ///
  /// - Parameter auth: nil where there is no `auth`.
  /// - Parameter api: that of the target, as for `readTarget`.
  /// - Parameter url: the target's, where it is known.
  func completeGrant(_ parts: inout GrantParts, _ auth: Section?, of api: (any APISettings)?, url: String?)
  /// Reports what a grant for this API lacks besides what every grant needs.
  func checkGrant(_ auth: Section)
  /// Whether `completeGrant` makes the token endpoint's URL of the target's: then a missing one has its cause elsewhere.
  var makesTokenURL: Bool { get }
  /// What to give where `auth` gives nothing.
  var authAdvice: String { get }
  /// What to give where there is no `auth`.
  var missingAuthAdvice: String { get }

  /// The key of `auth` that names the configuration file of the API's own SDK; nil where there is no such file.
  var sdkFileKey: String? { get }
  /// Reads the file that `entry`, the value of `sdkFileKey`, names; nil, with a fault, where it can't be used.
  func sdkConfiguration(fileNamedBy entry: Entry) -> SDKConfiguration?
  /// What the API's own SDK finds in the environment; nil where it has no such variables.
  func sdkConfiguration(environment: [String: String]) -> SDKConfiguration?

  /// What `config/schemas/configuration.schema.json` says of the keys above.
  var schema: ConfigurationSchema { get }
}

extension APISettings {
  package var hasAtomicMode: Bool { false }
  package var targetKeys: [String] { [] }
  package func readTarget(_ section: Section, of api: (any APISettings)?, into own: inout OwnSettings) {}
  package var routeKeys: [String] { [] }
  package func readRoute(_ section: Section, into own: inout OwnSettings) {}
  package var authKeys: [String] { [] }
  package func completeGrant(_ parts: inout GrantParts, _ auth: Section?, of api: (any APISettings)?, url: String?) {}
  package func checkGrant(_ auth: Section) {}
  package var makesTokenURL: Bool { false }
  package var authAdvice: String {
    "give access_token_file, or username, password_file, client_id, client_secret_file and token_url"
  }
  package var missingAuthAdvice: String { authAdvice }
  package var sdkFileKey: String? { nil }
  package func sdkConfiguration(fileNamedBy entry: Entry) -> SDKConfiguration? { nil }
  package func sdkConfiguration(environment: [String: String]) -> SDKConfiguration? { nil }
  package var schema: ConfigurationSchema { ConfigurationSchema() }
}

/// An API's part of the configuration's JSON Schema, each a schema as JSON text; a test writes them into the file.
package struct ConfigurationSchema: Sendable {
  /// By the keys of a target, of `auth` and of a route.
  package var target: [String: String] = [:]
  package var auth: [String: String] = [:]
  package var route: [String: String] = [:]
  /// What else holds for a target of this API.
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
