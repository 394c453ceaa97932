/// What reporting holds needs from an outbox. Each writing call is one commit.
package protocol HoldStore: Sendable {
  /// The target's hold, as an earlier run left it; nil if there is none.
  func hold(of target: String) async throws(OutboxError) -> HoldWatch.Hold?

  /// Stores a target's hold, or with nil that it is over, and queues the notice that reports it.
  func keep(_ hold: HoldWatch.Hold?, of target: String, notifying notice: Notice?) async throws(OutboxError)
}
