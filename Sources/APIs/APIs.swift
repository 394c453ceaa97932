package import Core
package import Settings

/// The APIs that upsertd speaks.
package enum APIs {
  /// The only list of APIs; messages name them in this order.
  package static let all: [any API] = [LUSID(), Liquid()]

  package static let kinds = Set(all.map(\.kind))

  package static subscript(kind: APIKind) -> (any API)? { all.first { $0.kind == kind } }

  /// Annotates items of a rejected file whose API was never determined: it can handle any file format.
  package static var undecided: any API { all[0] }

  /// Where rejects files put reasons, for all APIs.
  package static let rejectsAdditions = [["_error"]] + all.flatMap(\.rejectsAdditions)
}

extension Settings {
  /// Reads a configuration whose targets may name any of the APIs; see `load(path:environment:withSecrets:apis:)`.
  package static func load(
    path: String, environment: [String: String], withSecrets: Bool = true
  ) throws(SettingsFaults) -> Settings {
    try load(path: path, environment: environment, withSecrets: withSecrets, apis: APIs.all)
  }

  /// As YAML, with every default; see `effectiveConfiguration(path:environment:apis:)`.
  package static func effectiveConfiguration(
    path: String, environment: [String: String]
  ) throws(SettingsFaults) -> String {
    try effectiveConfiguration(path: path, environment: environment, apis: APIs.all)
  }
}
