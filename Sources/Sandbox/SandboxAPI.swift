internal import APIs
package import Core

/// One API as simulated by the sandbox: an extension of the API's type, in a folder of this module.
///
/// The code that simulates an API is written from its documentation, with its own JSON reader and checks. It shares
/// nothing with the code that prepares and judges requests: a mistake in shared code would occur on both sides, and no
/// test could detect it. So only the files that name an API (`LUSID+Sandbox.swift`) and the list below import `APIs`,
/// for its name.
protocol SandboxAPI: Sendable {
  var kind: APIKind { get }
  /// The API's name as its vendor writes it.
  var title: String { get }
  /// The path of a target's `url` after the sandbox's own address.
  var basePath: String { get }
  /// The path of the OAuth token endpoint.
  var tokenPath: String { get }
  /// The path to which items are posted, as written in a request.
  var itemsPath: String { get }
  /// The query that `itemsPath` accepts after `?`, in human-readable form.
  var itemsQuery: String? { get }
  /// A GET path that reports whether a token is valid; nil if the API has none.
  var validationPath: String? { get }
  /// The sandbox's own page that lists its stored items.
  var storedItemsPath: String { get }
  /// Which description selects an item's outcome, if not the item's own.
  var outcomePlace: String? { get }
  /// Outcomes that only this API has, with their effect on the item.
  var outcomes: [(name: String, effect: String)] { get }

  /// Answers a request that passed all hurdles.
  func answer(_ call: Request, requestID: String, memory: APIState.Shared) -> Response
  /// Answers a request that failed one.
  func refusal(of call: Request, by rejection: Rejection, requestID: String) -> Response

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
  /// The APIs that the sandbox can simulate.
  static let all: [any SandboxAPI] = APIs.all.compactMap { $0 as? any SandboxAPI }

  static subscript(tokenPath path: String) -> (any SandboxAPI)? { all.first { $0.tokenPath == path } }
  static subscript(itemsPath path: String) -> (any SandboxAPI)? { all.first { $0.itemsPath == path } }
  static subscript(validationPath path: String) -> (any SandboxAPI)? { all.first { $0.validationPath == path } }
}

/// The parts of `upsertd demo` that one API provides.
package struct SandboxDemo: Sendable {
  package let api: APIKind
  package let title: String
  /// The inbox for its files.
  package let inbox: String
  /// A member of the configuration's `targets`, without indentation.
  package let target: @Sendable (SandboxAddresses) -> String
  /// An element of the configuration's `inboxes`, without indentation.
  package let inboxSettings: String
  /// Files next to the configuration, by name.
  package var companions: [String: String] = [:]
  /// Texts in the sample files that must arrive unchanged.
  package let spellings: [String]

  /// One for each API that the sandbox simulates.
  package static let all = SandboxAPIs.all.map(\.demo)
}
