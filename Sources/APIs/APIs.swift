package import Delivery
package import Settings

/// The APIs that upsertd speaks.
package enum APIs {
  /// The only list of them; messages name them in its order.
  package static let all: [any API] = [LUSID(), Liquid()]

  package static let kinds = Set(all.map(\.kind))

  package static subscript(kind: APIKind) -> (any API)? { all.first { $0.kind == kind } }

  /// Gives items of a refused file their reason where it was never known which API they are for: it knows all forms of files.
  package static var undecided: any API { all[0] }

  /// Where rejects files put reasons, whatever the API.
  package static let rejectsAdditions = [["_error"]] + all.flatMap(\.rejectsAdditions)
}

extension Settings {
  /// Reads a configuration whose targets may name any of the APIs; `load(path:environment:withSecrets:apis:)` says how.
  package static func load(
    path: String, environment: [String: String], withSecrets: Bool = true
  ) throws(SettingsFaults) -> Settings {
    try load(path: path, environment: environment, withSecrets: withSecrets, apis: APIs.all)
  }
}
