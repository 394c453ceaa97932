internal import APIs
internal import Core
internal import Engine
package import Logging
package import Outbox
package import Settings
internal import Spool
internal import Telemetry

/// Recomputes the keys of waiting items if the configuration, or a new upsertd, derives keys differently than when they
/// were queued.
///
/// Otherwise an item queued earlier and one dropped now could have different keys although they are the same record,
/// and overtake each other. Runs before anything is dispatched; if it is interrupted, the next start does it again.
package struct Rekeying {
  private let settings: Settings
  private let outbox: Outbox
  private let bodies: BodyLoader
  private let logger: Logger

  package init(settings: Settings, outbox: Outbox, bodies: BodyLoader, logger: Logger) {
    self.settings = settings
    self.outbox = outbox
    self.bodies = bodies
    self.logger = logger
  }

  private static let pageSize = 40

  package func run() async throws {
    let known = try await outbox.keyRules()
    for inbox in settings.inboxes {
      let rule = rule(of: inbox)
      guard known[inbox.name] != rule else { continue }
      try await rekey(inbox)
      try await outbox.setKeyRule(rule, of: inbox.name)
    }
  }

  /// Everything that decides which keys the inbox's items get.
  private func rule(of inbox: Inbox) -> String {
    inbox.routes.map { route in
      let apis = RouteTargets(route, settings: settings).apis.map(\.keyRule).sorted()
      return "\(route.match): \(apis.joined(separator: ", "))"
    }.joined(separator: "; ")
  }

  private func rekey(_ inbox: Inbox) async throws {
    var count = 0
    for record in try await outbox.queuedFiles(inbox: inbox.name).map(\.file) where record.state == .queued {
      guard let route = inbox.route(for: record.name), let kind = record.facts.api,
        let api = RouteTargets(route, settings: settings)[kind]?.api
      else { continue }
      var position: String?
      while true {
        let page = try await outbox.batches(of: record.place, after: position, limit: Self.pageSize)
        for batch in page.batches {
          guard let info = page.files[record.place], try await rekey(batch.name, info, api) else { continue }
          count += batch.count
        }
        position = (page.batches.map(\.name.position) + page.damaged.map(\.position)).max()
        if page.isEnd || position == nil { break }
      }
    }
    if count > 0 {
      logger.notice(
        "the definition of keys changed; waiting items have new keys",
        metadata: ["inbox": "\(inbox.name)", "items": .number(count)])
    }
  }

  /// Returns whether a key changed. A batch that can't be read keeps its keys: it can't be sent either.
  private func rekey(_ name: BatchName, _ file: LineFile, _ api: any TargetAPI) async throws -> Bool {
    guard let content = try await outbox.content(of: name)?.batch,
      let whole = try? await bodies.load(content, of: file).batch, let pieces = whole.pieces
    else { return false }
    var items = content.items
    var place = 0
    for (item, piece) in zip(whole.items, pieces) {
      while items[place].number != item.number { place += 1 }
      items[place].key = api.key(ofPiece: whole.body.span.extracting(piece)).hash.map(KeyHash.init(stored:))
    }
    guard items != content.items else { return false }
    try await outbox.rekey(name, items: items)
    return true
  }
}
