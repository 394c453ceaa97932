package import Core
package import Settings

/// FINBOURNE's LUSID: investor records.
package struct LUSID: API {
  package init() {}

  package var kind: APIKind { .lusid }
  package var title: String { "LUSID" }
  package var exampleURL: String { "https://example.lusid.com/api" }
  package var hasAtomicMode: Bool { true }

  package let detection: Detection? = Detection(
    objects: ["identifiers"], columns: "identifiers.", noun: "a LUSID request")
  /// An object of request ids, as LUSID accepts it.
  package let salvage = SalvageForm(fileExtension: "json", open: "{\n", separator: ",\n", close: "\n}\n")

  package func makeAPI(_ options: APIOptions) -> any TargetAPI {
    LusidInvestorRecords(
      schema: options.target[LusidSchema.self] ?? .current, validate: options.validate, maxNesting: options.maxNesting)
  }

  package func proposeFields(for columns: [ObservedColumn], _ options: APIOptions) -> FieldProposal {
    LusidFields.proposal(for: columns, schema: options.target[LusidSchema.self] ?? .current)
  }

  // MARK: Settings

  package var targetKeys: [String] { ["schema"] }

  package func readTarget(_ section: ConfigSection, of api: (any APISettings)?, into own: inout OwnSettings) {
    if let schema = section.read("schema", { $0.word(LusidSchema.self) }), schema != .current {
      own[LusidSchema.self] = schema
    }
    if section.has("schema"), let api, api.kind != kind {
      section.report("is for LUSID only: \(api.title) has one schema, so leave it out", at: "schema")
    }
  }

  package var authAdvice: String {
    "give secrets_file, access_token_file, or username, password_file, client_id, client_secret_file and token_url"
  }

  package var missingAuthAdvice: String {
    authAdvice + "; or set FBN_TOKEN_URL, FBN_USERNAME and so on in the environment"
  }

  package func completeGrant(
    _ parts: inout GrantParts, _ auth: ConfigSection?, of api: (any APISettings)?, url: String?
  ) {
    // The SDK asks for these; a client without a user has no use for them (OpenID Connect Core 1.0, 11).
    if api?.kind == kind, parts.scope == nil, parts.kind == .password {
      parts.scope = "openid client groups offline_access"
    }
  }

  package var sdkFileKey: String? { "secrets_file" }

  package func sdkConfiguration(fileNamedBy entry: ConfigNode) -> SDKConfiguration? {
    SecretDocument(namedBy: entry).flatMap(sdkConfiguration(in:))
  }

  package func sdkConfiguration(in document: SecretDocument) -> SDKConfiguration? {
    SDKConfiguration(lusidSecrets: document)
  }

  package func sdkConfiguration(environment: [String: String]) -> SDKConfiguration? {
    SDKConfiguration(lusidEnvironment: environment)
  }
}

extension APIKind {
  package static let lusid: APIKind = "lusid"
}

extension LUSID {
  package var schema: ConfigurationSchema {
    ConfigurationSchema(
      target: [
        "schema": """
        {"description": "LUSID's investor records: current (SDK from 2.1.930), seed (2.1.781 to 2.1.881).",
         "anyOf": [{"enum": ["current", "seed"]}, {"$ref": "#/$defs/fromEnvironment"}], "default": "current"}
        """
      ],
      auth: ["secrets_file": ##"{"description": "The LUSID SDK's own file.", "$ref": "#/$defs/text"}"##])
  }
}

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
