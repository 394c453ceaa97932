package import APIs
import Core

extension Liquid: SandboxAPI {
  var basePath: String { "" }
  var tokenPath: String { "/ls/api/oauth2/token" }
  var itemsPath: String { "/ls/api/items/upsert" }
  var validationPath: String? { "/ls/api/oauth2/validate" }
  var storedItemsPath: String { "/sandbox/liquid/items" }
  var outcomePlace: String? { "the one in its data" }

  func answer(_ call: Request, requestID: String, memory: APIState.Shared) -> Response {
    ItemUpsert.answer(call, memory: memory)
  }

  func refusal(of call: Request, by rejection: Rejection, requestID: String) -> Response {
    Response(rejection.status, headers: rejection.headers) {
      $0.member("status", rejection.status)
      $0.member("error", rejection.reason)
    }
  }

  var demo: SandboxDemo {
    SandboxDemo(
      api: kind, title: title, inbox: "accounts",
      target: { addresses in
        """
        liquid:
          api: liquid
          url: \(addresses.liquid)
          auth: {username: demo, password: demo, client_id: demo, client_secret: demo, community: demo}
          batch: {max_items: 100}
        """
      },
      inboxSettings: """
        - name: accounts
          target: liquid
          item: {category: entity, type: Account, action: Merge, key: [accountId]}
        """,
      spellings: [#""02108""#, "98765432109876543.20"])
  }
}

extension SandboxAddresses {
  /// For a Liquid target's `url`.
  package var liquid: String { url(of: Liquid()) }
  package var liquidToken: String { tokenURL(of: Liquid()) }
}

extension SandboxStats {
  package var liquid: Figures { self[.liquid] }
}
