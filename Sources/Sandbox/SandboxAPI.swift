import APIs
import Delivery

/// One API as the sandbox plays it: an extension of the API's type, in a folder of this module.
///
/// The code that plays an API is written from its documents, with a JSON reader and checks of its own. It shares nothing with the code
/// that prepares and judges requests: a mistake in shared code would be made on both sides, and no test could see it. So only the
/// files that name an API (`LUSID+Sandbox.swift`) and the list below import `APIs`, for its name.
protocol SandboxAPI: Sendable {
  var kind: APIKind { get }
  /// As its maker writes it.
  var title: String { get }
  /// What a target's `url` has behind the sandbox's own address.
  var basePath: String { get }
  /// The OAuth token endpoint's.
  var tokenPath: String { get }
  /// To which items are posted, as it stands in a request.
  var itemsPath: String { get }
  /// What `itemsPath` takes behind `?`, for people.
  var itemsQuery: String? { get }
  /// Says by GET whether a token is good; nil where the API has no such thing.
  var validationPath: String? { get }
  /// The sandbox's own page with the items that it keeps.
  var storedItemsPath: String { get }
  /// Which items have their outcome by what stands in them, where that is not the description of the item itself.
  var outcomePlace: String? { get }
  /// Outcomes that only this API has, with what becomes of the item.
  var outcomes: [(name: String, effect: String)] { get }

  /// Answers a request that passed all hurdles.
  func answer(_ call: Call, requestID: String, memory: APIMemory.Shared) -> Reply
  /// Turns away one that did not.
  func refusal(of call: Call, by hurdle: Hurdle, requestID: String) -> Reply

  /// Its part of `upsertd demo`.
  var demo: SandboxDemo { get }
}

extension SandboxAPI {
  var itemsQuery: String? { nil }
  var validationPath: String? { nil }
  var outcomePlace: String? { nil }
  var outcomes: [(name: String, effect: String)] { [] }
}

enum SandboxAPIs {
  /// Those of all APIs that the sandbox can play.
  static let all: [any SandboxAPI] = APIs.all.compactMap { $0 as? any SandboxAPI }

  static subscript(tokenPath path: String) -> (any SandboxAPI)? { all.first { $0.tokenPath == path } }
  static subscript(itemsPath path: String) -> (any SandboxAPI)? { all.first { $0.itemsPath == path } }
  static subscript(validationPath path: String) -> (any SandboxAPI)? { all.first { $0.validationPath == path } }
}
