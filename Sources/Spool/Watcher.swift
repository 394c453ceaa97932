import Core
import Dispatch
import Glibc
internal import Runtime

/// Looks at one inbox's folder again and again, and reports what each look found.
///
/// The timer's looks are authoritative, on any filesystem. inotify, if available, triggers a look at once and reports
/// which files arrived by a completed write or a rename since `start()`. All looks run one after the other on a queue
/// of the watcher's own.
package actor Watcher {
  /// Every look's result; if nobody took one, the next replaces it.
  package nonisolated let looks: AsyncStream<InboxScan>

  private let output: AsyncStream<InboxScan>.Continuation
  private let executor = QueueExecutor(label: "inbox looks")
  private let folders: InboxFolders
  private let terms: WatchOptions
  private var looker: InboxScanner
  private var isStarted = false
  private var timer: (any DispatchSourceTimer)?
  /// What the folders were when they were last prepared; nil if they must be prepared again.
  private var prepared: FolderPlaces?
  private var preparations = 0
  private var events: FolderEvents?
  private var eventSource: (any DispatchSourceRead)?
  private var lastLookEnded = ContinuousClock.now
  /// How long events must wait for the next look, so that a stream of events does not cause nonstop looks.
  private var breather = Duration.zero

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package init(folders: InboxFolders, terms: WatchOptions) {
    self.folders = folders
    self.terms = terms
    looker = InboxScanner(folders, terms)
    (looks, output) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  isolated deinit {
    timer?.cancel()
    eventSource?.cancel()
    output.finish()
  }

  /// Starts looking, at once and then at every `pollInterval`; a second call does nothing.
  package func start() {
    guard timer == nil else { return }
    isStarted = true
    prepared = folders.standing
    let timer = DispatchSource.makeTimerSource(queue: executor.queue)
    timer.setEventHandler(handler: handler { $0.lookNow() })
    self.timer = timer
    lookNow()
    timer.activate()
  }

  /// Ends the looks and the stream; a watcher does not start again.
  package func stop() {
    isStarted = false
    timer?.cancel()
    dropEvents()
    output.finish()
  }

  /// Looks now, outside the schedule.
  @discardableResult package func lookNow() -> InboxScan {
    let began = ContinuousClock.now
    var findings: InboxScanner.Findings
    do throws(InboxError) {
      try prepareIfReplaced()
      watchIfNeeded()
      takeEvents()
      findings = looker.look(at: .now, hasEvents: events != nil)
    } catch {
      findings = looker.fail(error)
    }
    findings.look.preparations = preparations
    lastLookEnded = .now
    findings.look.took = began.duration(to: lastLookEnded)
    output.yield(findings.look)
    breather = max(.milliseconds(10), began.duration(to: lastLookEnded) * 3)
    schedule(in: min(findings.due ?? terms.pollInterval, terms.pollInterval))
    return findings.look
  }

  /// One look without a watcher, for read-only callers: time alone decides what has settled.
  package nonisolated static func lookOnce(folders: InboxFolders, terms: WatchOptions) -> InboxScan {
    var looker = InboxScanner(folders, terms, looksWanted: 1)
    return looker.look(at: .now).look
  }

  /// Prepares the folders again if they have changed: somebody removed or replaced them, or mounted over them.
  ///
  /// Not while there is no `inbox/`, which may be on a disk that comes back: we must not create it on another.
  private func prepareIfReplaced() throws(InboxError) {
    guard isStarted else { return }
    let standing = folders.standing
    guard standing != prepared else { return }
    prepared = nil
    guard standing.places.first ?? nil != nil else { return }
    try folders.prepare(createsInbox: false)
    prepared = folders.standing
    preparations += 1
  }

  private func eventsArrived() {
    guard takeEvents() else { return }
    schedule(in: breather - lastLookEnded.duration(to: .now))
  }

  /// Returns whether one of the events calls for a look.
  @discardableResult private func takeEvents() -> Bool {
    guard let events else { return false }
    var callsForLook = false
    for event in events.drain() {
      looker.note(event)
      callsForLook = callsForLook || event.callsForLook
    }
    return callsForLook
  }

  /// Sets the timer, which also repeats if nothing sets it again.
  private func schedule(in delay: Duration) {
    timer?.schedule(
      deadline: .now() + .nanoseconds(max(.zero, delay).wholeNanoseconds),
      repeating: .nanoseconds(max(.milliseconds(1), terms.pollInterval).wholeNanoseconds),
      // A tenth of the interval, so that the looks at several inboxes share their wake-ups; none if something is
      // expected.
      leeway: delay < terms.pollInterval
        ? .milliseconds(1) : .nanoseconds(max(.milliseconds(1), terms.pollInterval / 10).wholeNanoseconds))
  }

  /// Watches the folder that is at the path now.
  private func watchIfNeeded() {
    guard isStarted, events?.isWatching(folders.inbox) != true else { return }
    dropEvents()
    looker.forgetArrivals()
    guard let events = FolderEvents(folders.inbox) else { return }
    let descriptor = events.descriptor
    let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: executor.queue)
    source.setEventHandler(handler: handler { $0.eventsArrived() })
    source.setCancelHandler { close(descriptor) }
    source.activate()
    self.events = events
    eventSource = source
  }

  private func dropEvents() {
    // The source closes the descriptor, once its handler can't run any more.
    eventSource?.cancel()
    eventSource = nil
    events = nil
  }

  /// Runs an event source's handler on our queue, where we are isolated.
  private nonisolated func handler(_ act: @escaping @Sendable (isolated Watcher) -> Void) -> DispatchWorkItem {
    DispatchWorkItem { [weak self] in self?.assumeIsolated { act($0) } }
  }
}

extension FileObservation.Moment {
  static var now: FileObservation.Moment {
    var wall = timespec()
    clock_gettime(CLOCK_REALTIME, &wall)
    return FileObservation.Moment(steady: .now, wall: FileStatus.nanoseconds(wall))
  }
}

extension Duration {
  /// Rounded towards zero; more than 292 years count as 292.
  var wholeNanoseconds: Int {
    let (seconds, attoseconds) = components
    return Int(seconds).multipliedSaturated(by: 1_000_000_000).addingSaturated(Int(attoseconds / 1_000_000_000))
  }
}
