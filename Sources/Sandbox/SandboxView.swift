import Core
import Foundation

/// The sandbox's own pages, for tests and curious users.
enum SandboxView {
  case welcome
  case stats
  case items(APIKind)
  case requests

  init?(path: String) {
    switch path {
    case "/": self = .welcome
    case "/sandbox/stats": self = .stats
    case "/sandbox/requests": self = .requests
    default:
      guard let api = SandboxAPIs.all.first(where: { $0.storedItemsPath == path }) else { return nil }
      self = .items(api.kind)
    }
  }

  func reply(_ memory: SharedState) -> Response {
    switch self {
    case .welcome: Response(200, body: Array(Self.welcomeText.utf8), type: "text/plain; charset=utf-8")
    case .stats: Self.stats(memory)
    case .items(let api): Self.items(memory.withLock { $0[api].items.items })
    case .requests: Self.requests(memory.withLock { $0.recorded })
    }
  }

  private static func stats(_ memory: SharedState) -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    // Numbers and fixed names only: encoding them can't fail.
    let body = (try? encoder.encode(memory.withLock { $0.currentStats })) ?? Data("{}".utf8)
    return Response(200, body: Array(body))
  }

  private static func items(_ items: [String: StoredItem]) -> Response {
    Response(200) { json in
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

  private static func requests(_ requests: [RecordedRequest]) -> Response {
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
    return Response(200, body: json.bytes)
  }

  private static var welcomeText: String {
    let apis = SandboxAPIs.all
    var lines = [
      "The upsertd sandbox: \(apis.count == 2 ? "two" : "\(apis.count)") web APIs and their token endpoints, in memory. "
        + "Any credentials are accepted, except the",
      "password \"wrong\".", "",
    ]
    for api in apis {
      var paths = ["POST \(api.tokenPath)"]
      if let path = api.validationPath { paths.append("GET  \(path)") }
      paths.append("POST \(api.itemsPath)" + (api.itemsQuery.map { "?\($0)" } ?? ""))
      lines += zip([api.title] + paths.dropFirst().map { _ in "" }, paths).map { columns($0, $1) }
    }
    lines += ["", "What it has seen:", columns("", "GET  /sandbox/stats")]
    lines += apis.map { columns("", "GET  \($0.storedItemsPath)") }
    lines += [columns("", "GET  /sandbox/requests          (if requests are recorded)"), ""]
    let places = apis.compactMap { api in api.outcomePlace.map { "for \(api.title): \($0)" } }
    lines.append(
      "Outcomes that an item's description\(places.isEmpty ? "" : " (\(places.joined(separator: ", ")))") can ask for:"
    )
    var outcomes = [("reject", "the item is rejected"), ("malformed", "the whole batch gets a 400")]
    outcomes += apis.flatMap { api in api.outcomes.map { ($0, "\(api.title): \($1)") } }
    lines += outcomes.map { columns("", padded("\"sandbox: \($0)\"", to: 32) + $1) }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func columns(_ left: String, _ right: String) -> String { padded(left, to: 9) + right }

  private static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
