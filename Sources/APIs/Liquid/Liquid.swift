package import Core
package import Settings

/// Liquid Analytics: items of any type.
package struct Liquid: API {
  package init() {}

  package var kind: APIKind { .liquid }
  package var title: String { "Liquid" }
  package var exampleURL: String { "https://ld.example.com" }

  package let detection: Detection? = Detection(
    objects: ["headers", "data"], columns: "headers.", noun: "a Liquid item")
  package let salvage = SalvageForm(fileExtension: "ndjson", open: "", separator: "\n", close: "\n")
  package var rejectsAdditions: [[String]] { RejectMarkers.receipt.map { ["headers", $0] } }

  package func makeAPI(_ options: APIOptions) -> any TargetAPI {
    LiquidItems(defaults: options.route[ItemDefaults.self], validate: options.validate, maxNesting: options.maxNesting)
  }

  package func proposeFields(for columns: [ObservedColumn], _ options: APIOptions) -> FieldProposal {
    LiquidFields.proposal(for: columns, defaults: options.route[ItemDefaults.self])
  }

  package func proposeKeys(for members: [String], _ options: APIOptions) -> FieldProposal {
    LiquidFields.keys(for: members, defaults: options.route[ItemDefaults.self])
  }

  // MARK: Settings

  package var routeKeys: [String] { ["item"] }

  package func readRoute(_ section: ConfigSection, into own: inout OwnSettings) {
    section.read("item", into: &own[ItemDefaults.self], readItem)
  }

  private enum Action: String, CaseIterable {
    case create = "Create"
    case merge = "Merge"
    case update = "Update"
    case delete = "Delete"
  }

  private func readItem(_ entry: ConfigNode) -> ItemDefaults? {
    entry.section { section in
      var item = ItemDefaults()
      item.category = section.read("category") { $0.text() }
      item.type = section.read("type") { $0.text() }
      item.action = section.read("action") { $0.word(Action.self)?.rawValue }
      section.read("key", into: &item.key, readKey)
      if section.names.isEmpty { entry.report("is empty: give category, type, action or key, or leave it out") }
      return item
    }
  }

  /// One field's name, or a list of them.
  private func readKey(_ entry: ConfigNode) -> [String]? {
    if entry.isScalar { return entry.text().map { [$0] } }
    guard let fields = entry.list({ $0.text() }) else { return nil }
    if fields.isEmpty, entry.elements?.isEmpty == true {
      entry.report("must name at least one field; without key, the whole inbox is kept in order")
    }
    for (index, field) in fields.enumerated() where fields[..<index].contains(field) {
      entry.report("names \"\(field)\" twice: leave out one of them")
    }
    return fields
  }

  package var authKeys: [String] { ["community"] }
  package var makesTokenURL: Bool { true }
  package var authAdvice: String { missingAuthAdvice + ", or access_token_file" }

  package var missingAuthAdvice: String {
    "give username, password_file, client_id, client_secret_file and community"
  }

  package func completeGrant(
    _ parts: inout GrantParts, _ auth: ConfigSection?, of api: (any APISettings)?, url: String?
  ) {
    guard api?.kind == kind else {
      if let community = auth?.value("community"), let api {
        community.report("is for Liquid only: \(api.title) has no communities, so leave it out")
      }
      return
    }
    if parts.tokenURL == nil, let url { parts.tokenURL = url + "/ls/api/oauth2/token" }
    guard let auth, let community = auth.read("community", { $0.text() }) else { return }
    if auth.has("scope") {
      auth.report("is given as well as scope: keep one of them", at: "community")
    } else {
      parts.scope = "community=\(community)"
    }
  }

  package func checkGrant(_ auth: ConfigSection) {
    if !auth.has("community"), !auth.has("scope") {
      auth.reportMissing("community", "Liquid issues each token for one community")
    }
  }
}

extension APIKind {
  package static let liquid: APIKind = "liquid"
}

extension Liquid {
  package var schema: ConfigurationSchema {
    ConfigurationSchema(
      auth: ["community": ##"{"description": "Liquid: becomes the scope.", "$ref": "#/$defs/text"}"##],
      route: [
        "item": """
        {"description": "Liquid: fills in headers that an item lacks.", "type": "object", "minProperties": 1,
         "additionalProperties": false,
         "properties": {
           "category": {"$ref": "#/$defs/text"}, "type": {"$ref": "#/$defs/text"},
           "action": {"anyOf": [{"enum": ["Create", "Merge", "Update", "Delete"]}, {"$ref": "#/$defs/fromEnvironment"}]},
           "key": {"description": "The fields of data that tell items apart.", "anyOf": [
             {"$ref": "#/$defs/text"},
             {"type": "array", "minItems": 1, "uniqueItems": true, "items": {"$ref": "#/$defs/text"}}]}}}
        """
      ],
      whole: """
        {"required": ["url", "auth"],
         "properties": {"schema": false, "auth": {"not": {"required": ["secrets_file"]}}}}
        """)
  }
}
