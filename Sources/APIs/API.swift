package import Settings

/// One kind of web API: everything upsertd knows about it, in one folder.
///
/// `APISettings` covers its configuration, `TargetAPI` its items and answers. The sandbox's version is an extension in
/// `Sources/Sandbox`, which shares no code with this one.
package protocol API: APISettings {
  /// How its items are distinguished from those of other APIs; nil if `target: auto` never picks it.
  var detection: Detection? { get }

  /// - Parameter options: only the target's own options when requests are sent and answers are judged, since a request may
  ///   hold items of several routes. So the URL, headers and body must not depend on a route.
  func makeAPI(_ options: APIOptions) -> any TargetAPI

  /// The human-readable form of unsent items when an outbox is damaged.
  var salvage: SalvageForm { get }

  /// What of a target's routes keeps items of one record from being ordered: for `check`, with what to change.
  func orderingWarnings(_ routes: [(place: String, route: Route)]) -> [String]

  /// Where rejects files put reasons besides `_error`; each entry is a path of nested member names.
  var rejectsAdditions: [[String]] { get }

  /// Proposes which fields a CSV's columns fill, as a first draft for people.
  ///
  /// - Parameter options: the target's and the route's own settings, as far as there are any.
  func proposeFields(for columns: [ObservedColumn], _ options: APIOptions) -> FieldProposal

  /// Proposes the route's keys for JSON items that have these members at their outermost level, and no mapping.
  func proposeKeys(for members: [String], _ options: APIOptions) -> FieldProposal
}

extension API {
  package var detection: Detection? { nil }
  package var columnPrefix: String? { detection?.columns }

  package func columnRules(target: OwnSettings, route: OwnSettings, validate: Bool) -> any ColumnRules {
    var options = APIOptions()
    (options.target, options.route, options.validate) = (target, route, validate)
    return makeAPI(options)
  }

  package var salvage: SalvageForm { SalvageForm(fileExtension: "ndjson", open: "", separator: "\n", close: "\n") }
  package var rejectsAdditions: [[String]] { [] }
  package func orderingWarnings(_ routes: [(place: String, route: Route)]) -> [String] { [] }
  package func proposeFields(for columns: [ObservedColumn], _ options: APIOptions) -> FieldProposal {
    FieldProposal(fields: nil)
  }
  package func proposeKeys(for members: [String], _ options: APIOptions) -> FieldProposal { FieldProposal(fields: nil) }
}

/// How a target and a route want items treated.
package struct APIOptions: Sendable {
  /// The target's settings that belong to the API.
  package var target = OwnSettings()
  /// The route's settings that belong to the API.
  package var route = OwnSettings()
  /// False leaves every check that batching does not need to the API.
  package var validate = true
  /// Nesting levels allowed in an item inside a `_raw` string; the reader has checked all others.
  package var maxNesting = 128

  package init() {}
}

/// A file of pieces that can be dropped again.
package struct SalvageForm: Sendable, Equatable {
  package var fileExtension: String
  package var open: String
  package var separator: String
  package var close: String
}
