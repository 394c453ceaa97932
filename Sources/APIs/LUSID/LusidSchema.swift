package import Settings

/// Which form of LUSID's investor records a target accepts.
package enum LusidSchema: String, Sendable, CaseIterable, Codable {
  /// SDK 2.1.781 to 2.1.881: `investor.investorIdentifiers` is a map of properties; no scope.
  case seed
  /// From SDK 2.1.930: `scope` is required; `investor.identifiers` maps a key to a plain string.
  case current
}

extension Target {
  /// Applies to LUSID only; `schema` in the configuration.
  package var schema: LusidSchema {
    get { own[LusidSchema.self] ?? .current }
    set { own[LusidSchema.self] = newValue == .current ? nil : newValue }
  }
}
