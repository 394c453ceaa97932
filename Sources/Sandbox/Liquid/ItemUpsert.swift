import Core

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
