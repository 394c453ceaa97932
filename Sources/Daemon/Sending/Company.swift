internal import Delivery

/// What a lane remembers of batches that may travel with others: since when each waits for company, and how much of it is good for it.
///
/// Forgotten at a restart: then what was parted may be joined, and parted, once more.
struct Company {
  /// Whether the API took the last request, or refused it for what was in it: a failure is then put down to what is in the request, and
  /// not to the API.
  var isTrusting = true
  private var since: [Int64: Timestamp] = [:]
  private var limits: [Int64: Int] = [:]

  /// The batch may be sent from `now` on, if that was not known.
  mutating func note(_ id: Int64, sendableAt now: Timestamp) {
    // A clock that was set back must not keep it waiting.
    since[id] = min(since[id] ?? now, now)
  }

  func waits(_ id: Int64) -> Timestamp? { since[id] }

  mutating func begin(_ id: Int64) { since[id] = nil }

  mutating func forget(_ id: Int64) {
    since[id] = nil
    limits[id] = nil
  }

  /// The most batches that may share a request with this one, itself included.
  func limit(_ id: Int64) -> Int { limits[id] ?? .max }

  /// One of these spoiled their request: each may share the next one with an eighth of them, so that it soon stands alone.
  mutating func suspect(_ ids: [Int64]) {
    for id in ids { limits[id] = max(1, ids.count / 8) }
  }

  /// The same, where it is not the API that fails whatever it is sent.
  mutating func suspectIfTrusting(_ ids: [Int64]) {
    if isTrusting, ids.count > 1 { suspect(ids) }
    isTrusting = false
  }
}
