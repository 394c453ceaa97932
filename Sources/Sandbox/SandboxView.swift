import Delivery
import Foundation

/// The sandbox's own pages, for tests and curious people.
enum SandboxView: String {
  case welcome = "/"
  case stats = "/sandbox/stats"
  case records = "/sandbox/lusid/records"
  case items = "/sandbox/liquid/items"
  case requests = "/sandbox/requests"

  init?(path: String) { self.init(rawValue: path) }

  func reply(_ memory: SharedMemory) -> Reply {
    switch self {
    case .welcome: Reply(200, body: Array(Self.welcomeText.utf8), type: "text/plain; charset=utf-8")
    case .stats: Self.stats(memory)
    case .records: Self.items(memory.withLock { $0[itemsOf: .lusid].items })
    case .items: Self.items(memory.withLock { $0[itemsOf: .liquid].items })
    case .requests: Self.requests(memory.withLock { $0.recorded })
    }
  }

  private static func stats(_ memory: SharedMemory) -> Reply {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    // Numbers and fixed names only: encoding them has no way to fail.
    let body = (try? encoder.encode(memory.withLock { $0.currentStats })) ?? Data("{}".utf8)
    return Reply(200, body: Array(body))
  }

  private static func items(_ items: [String: StoredItem]) -> Reply {
    Reply(200) { json in
      for item in items.values.sorted(by: { $0.number < $1.number }) {
        json.name(text: item.key)
        json.object { json in
          json.member("seen", item.seen)
          json.member("accepted", item.accepted)
          json.member("version", item.version)
          json.name("raw")
          json.raw(item.raw ?? Array("null".utf8))
        }
      }
    }
  }

  private static func requests(_ requests: [RecordedRequest]) -> Reply {
    var json = JSONOutput()
    json.array { json in
      for request in requests {
        json.object { json in
          json.member("api", request.api.rawValue)
          json.member("method", request.method)
          json.member("path", request.path)
          json.member("query", request.query)
          json.name("headers")
          json.object { json in
            for (name, value) in request.headers.sorted(by: { $0.key < $1.key }) {
              json.name(text: name)
              json.string(value)
            }
          }
          json.member("body", String(decoding: request.body, as: UTF8.self))
          json.member("status", request.status)
        }
      }
    }
    return Reply(200, body: json.bytes)
  }

  private static let welcomeText = """
    The upsertd sandbox: two web APIs and their token endpoints, in memory. Any credentials will do, but for the
    password "wrong".

    LUSID    POST /oauth2/token
             POST /api/api/investorrecords/$batchUpsert?successMode=Partial|Atomic
    Liquid   POST /ls/api/oauth2/token
             GET  /ls/api/oauth2/validate
             POST /ls/api/items/upsert

    What it has seen:
             GET  /sandbox/stats
             GET  /sandbox/lusid/records
             GET  /sandbox/liquid/items
             GET  /sandbox/requests          (where requests are recorded)

    An item whose description says so (for Liquid: the one in its data) has its outcome:
             "sandbox: reject"               refused
             "sandbox: malformed"            the whole batch gets a 400
             "sandbox: unchanged"            LUSID: in "failed" without a reason
             "sandbox: ignore"               LUSID: neither in "values" nor in "failed"

    """
}
