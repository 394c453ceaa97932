import Core
import Engine
import Testing
@testable import Daemon

@Suite struct `What orders say that they did` {
  private func retry(isDaemon: Bool = true, _ change: (inout RetryOutcome) -> Void = { _ in }) -> String {
    var outcome = RetryOutcome(isDaemon: isDaemon)
    change(&outcome)
    return outcome.message
  }

  @Test func `retry counts what is due, what is being sent and what is read again`() {
    #expect(retry() == "nothing waits to be sent")
    #expect(retry { $0.waiting = 1 } == "1 waiting batch is due now")
    #expect(retry(isDaemon: false) { $0.waiting = 2 } == "2 waiting batches are due as soon as the daemon runs")
    #expect(
      retry { ($0.waiting, $0.inFlight, $0.unread) = (3, 1, 2) }
        == "2 waiting batches are due now; 1 batch is being sent; 2 claimed files are read again now")
    #expect(retry { $0.inFlight = 1 } == "1 batch is being sent", "it may be settled by now")
  }

  @Test func `retry names the holds that it released, and targets that stay paused`() {
    let message = retry {
      $0.held = [("a", .retry), ("b", .reload), ("d", .restart)]
      $0.slowed = ["c"]
      $0.paused = ["b"]
    }
    #expect(
      message == """
        nothing waits to be sent; released the holds of a, b, d; what was corrected for b counts after \
        `systemctl reload upsertd`; what was corrected for d counts after `systemctl restart upsertd`; \
        no longer slowed down: c; still paused until `upsertd resume`: b
        """)
    #expect(!retry { $0.waiting = 1 }.contains("hold"))
    let opening = Timestamp(milliseconds: 1_763_000_000_000)
    #expect(
      retry { $0.closed = [("a", opening, 0), ("b", nil, 0)] }
        == "nothing waits to be sent; a is outside its send window until \(opening); b is outside its send window")
  }

  @Test func `what nothing sends now is not due: it waits for the window, or for a resume`() {
    let opening = Timestamp(milliseconds: 1_763_000_000_000)
    #expect(
      retry { ($0.waiting, $0.closed) = (1, [("a", opening, 1)]) }
        == "1 batch waits for the send window of a, which opens \(opening)")
    #expect(
      retry { ($0.waiting, $0.closed) = (5, [("a", nil, 2)]) }
        == "3 waiting batches are due now; 2 batches wait for the send window of a")
    #expect(
      retry { ($0.waiting, $0.paused, $0.pausedBatches) = (2, ["b"], 2) }
        == "2 batches wait for paused targets; still paused until `upsertd resume`: b")
  }

  @Test func `notices are told by their receivers`() {
    #expect(NoticesOutcome(isDaemon: true, waiting: []).message == "no notice waits")
    #expect(
      NoticesOutcome(isDaemon: true, waiting: [("ops", 3), ("hook", 1)]).message
        == "tried now: 3 notices for ops, 1 notice for hook")
    #expect(
      NoticesOutcome(isDaemon: false, waiting: [("ops", 3)]).message
        == "tried as soon as the daemon runs: 3 notices for ops")
  }

  @Test func `cancel says what is being sent`() {
    let file = FileID(at: Timestamp(milliseconds: 1_763_000_000_000), entropy: 1)
    func message(_ cancelled: Int, _ inFlight: Int) -> String {
      CancelOutcome(file: file, cancelled: cancelled, inFlight: inFlight).message
    }
    #expect(message(2, 0) == "cancelled 2 items of file \(file)")
    #expect(message(0, 0) == "no item of file \(file) was left to cancel")
    let rest = "being sent and will be settled by the answer, or cancelled if it settles nothing"
    #expect(message(0, 3) == "file \(file): 3 items are \(rest)")
    #expect(message(1, 1) == "cancelled 1 item of file \(file); 1 item is \(rest)")
  }

  @Test func `pause and resume say what was so already`() {
    func message(isPaused: Bool, _ before: [(kind: String, wasPaused: Bool)]) -> String {
      var outcome = PauseOutcome(name: "x", isPaused: isPaused)
      for (kind, wasPaused) in before { outcome.add(kind, wasPaused: wasPaused) }
      return outcome.message
    }
    #expect(message(isPaused: false, [("inbox", true), ("target", true)]) == "inbox x and target x: resumed")
    #expect(message(isPaused: false, [("target", false)]) == "target x: was not paused")
    #expect(
      message(isPaused: false, [("inbox", true), ("target", false)]) == "inbox x: resumed; target x: was not paused")
    #expect(
      message(isPaused: true, [("inbox", false)]) == "inbox x: paused until `upsertd resume x`, even after a restart")
    var resumed = PauseOutcome(name: "x", isPaused: false)
    resumed.add("target", wasPaused: true)
    resumed.closed = ("x", nil)
    #expect(resumed.message == "target x: resumed; target x is outside its send window")
    #expect(message(isPaused: true, [("inbox", true)]) == "inbox x: was paused already, until `upsertd resume x`")
  }
}
