package import APIs
internal import Core

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

/// Liquid's upsert of items.
enum ItemUpsert {
  static func answer(_ call: Request, memory: APIState.Shared) -> Response {
    let items: [LiquidItem]
    do throws(JSONFault) {
      let document = try JSONScanner.document(of: call.body)
      guard document.root.kind == .array else { return malformed("The body must be an array of items.") }
      items = document.root.elements.map(LiquidItem.init)
    } catch {
      return malformed("The body is not valid JSON: \(error).")
    }
    if let index = items.firstIndex(where: \.isMalformed) { return malformed("Item \(index + 1) cannot be read.") }
    memory.withLock { memory in
      memory.noteKeys(items.compactMap(\.key))
      for item in items {
        if item.refusal == nil, let key = item.key {
          _ = memory.store(item.part.raw, at: key)
        } else {
          memory.refuse([item.key])
        }
      }
    }
    return Response(200) { json in
      json.member("count", items.count)
      guard items.contains(where: { $0.refusal != nil }) else { return }
      json.name("rejectedItems")
      json.array { json in
        for item in items { item.echoIfRefused(in: &json) }
      }
    }
  }

  private static func malformed(_ reason: String) -> Response {
    Response(400) {
      $0.member("status", 400)
      $0.member("error", "Bad Request")
      $0.member("message", reason)
    }
  }
}
