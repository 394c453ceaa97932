package import Settings

/// One kind of web API: all that upsertd knows of it, in one folder.
///
/// What the configuration says of it is in `APISettings`, what is done with its items and answers in `TargetAPI`. How the sandbox
/// plays it is an extension in `Sources/Sandbox`, which shares no code with what is here.
package protocol API: APISettings {
  /// How its items are told from those of other APIs; nil where `target: auto` never finds it.
  var detection: Detection? { get }

  /// - Parameter terms: those of the target alone where requests are sent and answers are judged, since a request may hold items of
  ///   several routes; so URL, headers and body must not depend on a route.
  func makeAPI(_ terms: APITerms) -> any TargetAPI

  /// How items that were not sent are written down for people, when an outbox is damaged.
  var salvage: SalvageForm { get }

  /// Where rejects files put reasons besides `_error`, each the names of members inside each other.
  var rejectsAdditions: [[String]] { get }
}

extension API {
  package var detection: Detection? { nil }
  package var salvage: SalvageForm { SalvageForm(fileExtension: "ndjson", open: "", separator: "\n", close: "\n") }
  package var rejectsAdditions: [[String]] { [] }
}

/// What a target and a route say of how items are treated.
package struct APITerms: Sendable {
  /// What the target has that is the API's own.
  package var target = OwnSettings()
  /// The same of the route.
  package var route = OwnSettings()
  /// False leaves all checks to the API that batching does not need.
  package var validate = true
  /// Levels allowed in an item that a `_raw` string holds; the reader has checked all others.
  package var maxNesting = 128
  /// Whether a mapping file names the columns' fields: one that is not known is meant, where in a header it would be a slip.
  package var isMapped = false

  package init() {}
}

/// A file of pieces that can be dropped again.
package struct SalvageForm: Sendable, Equatable {
  package var fileExtension: String
  package var open: String
  package var separator: String
  package var close: String
}
