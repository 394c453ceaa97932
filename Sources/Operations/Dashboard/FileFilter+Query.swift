internal import Core
internal import Outbox

extension FileFilter {
  /// The query of `/api/files`: `search`, `inbox`, `state`, `before`, `limit`; unknown parameters are ignored.
  init(query: [(name: String, value: String)]) {
    self.init()
    for (name, value) in query where !value.isEmpty {
      switch name {
      case "search": words = value.split(whereSeparator: \.isWhitespace).prefix(8).map(String.init)
      case "inbox": inbox = value
      case "state": state = value
      case "before": before = FileID(value.uppercased())
      case "limit": limit = min(max(1, Int(value) ?? limit), 500)
      default: break
      }
    }
  }
}
