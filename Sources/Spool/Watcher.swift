import Core
import Dispatch
import Glibc
internal import Runtime

/// Scans one inbox's folder again and again, and reports what each scan found.
///
/// The timer's scans are authoritative, on any filesystem. inotify, if available, triggers a scan at once and reports
/// which files arrived by a completed write or a rename since `start()`. All scans run one after the other on a queue
/// of the watcher's own.
package actor Watcher {
  /// Every scan's result; if nobody took one, the next replaces it.
  package nonisolated let scans: AsyncStream<InboxScan>

  private let output: AsyncStream<InboxScan>.Continuation
  private let executor = QueueExecutor(label: "inbox scans")
  private let folders: InboxFolders
  private let options: WatchOptions
  private var scanner: InboxScanner
  private var isStarted = false
  private var timer: (any DispatchSourceTimer)?
  /// What the folders were when they were last prepared; nil if they must be prepared again.
  private var prepared: FolderIdentities?
  private var preparations = 0
  private var events: FolderEvents?
  private var eventSource: (any DispatchSourceRead)?
  private var lastScanEnded = ContinuousClock.now
  /// How long events must wait for the next scan, so that a stream of events does not cause nonstop scans.
  private var breather = Duration.zero

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package init(folders: InboxFolders, options: WatchOptions) {
    self.folders = folders
    self.options = options
    scanner = InboxScanner(folders, options)
    (scans, output) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  isolated deinit {
    timer?.cancel()
    eventSource?.cancel()
    output.finish()
  }

  /// Starts scanning, at once and then at every `pollInterval`; a second call does nothing.
  package func start() {
    guard timer == nil else { return }
    isStarted = true
    prepared = folders.identities
    let timer = DispatchSource.makeTimerSource(queue: executor.queue)
    timer.setEventHandler(handler: handler { $0.scanNow() })
    self.timer = timer
    scanNow()
    timer.activate()
  }

  /// Ends the scans and the stream; a watcher does not start again.
  package func stop() {
    isStarted = false
    timer?.cancel()
    dropEvents()
    output.finish()
  }

  /// Scans now, outside the schedule.
  @discardableResult package func scanNow() -> InboxScan {
    let began = ContinuousClock.now
    var findings: InboxScanner.Findings
    do throws(InboxError) {
      try prepareIfReplaced()
      watchIfNeeded()
      takeEvents()
      findings = scanner.scan(at: .now, hasEvents: events != nil)
    } catch {
      findings = scanner.fail(error)
    }
    findings.scan.preparations = preparations
    lastScanEnded = .now
    findings.scan.took = began.duration(to: lastScanEnded)
    output.yield(findings.scan)
    breather = max(.milliseconds(10), began.duration(to: lastScanEnded) * 3)
    schedule(in: min(findings.due ?? options.pollInterval, options.pollInterval))
    return findings.scan
  }

  /// One scan without a watcher, for read-only callers: time alone decides what has settled.
  package nonisolated static func scanOnce(folders: InboxFolders, options: WatchOptions) -> InboxScan {
    var scanner = InboxScanner(folders, options, scansWanted: 1)
    return scanner.scan(at: .now).scan
  }

  /// Prepares the folders again if they have changed: somebody removed or replaced them, or mounted over them.
  ///
  /// Not while there is no `inbox/`, which may be on a disk that comes back: we must not create it on another.
  private func prepareIfReplaced() throws(InboxError) {
    guard isStarted else { return }
    let identities = folders.identities
    guard identities != prepared else { return }
    prepared = nil
    guard identities.folders.first ?? nil != nil else { return }
    try folders.prepare(createsInbox: false)
    prepared = folders.identities
    preparations += 1
  }

  private func eventsArrived() {
    guard takeEvents() else { return }
    schedule(in: breather - lastScanEnded.duration(to: .now))
  }

  /// Returns whether one of the events calls for a scan.
  @discardableResult private func takeEvents() -> Bool {
    guard let events else { return false }
    var callsForLook = false
    for event in events.drain() {
      scanner.note(event)
      callsForLook = callsForLook || event.callsForLook
    }
    return callsForLook
  }

  /// Sets the timer, which also repeats if nothing sets it again.
  private func schedule(in delay: Duration) {
    timer?.schedule(
      deadline: .now() + .nanoseconds(max(.zero, delay).wholeNanoseconds),
      repeating: .nanoseconds(max(.milliseconds(1), options.pollInterval).wholeNanoseconds),
      // A tenth of the interval, so that the scans of several inboxes share their wake-ups; none if something is
      // expected.
      leeway: delay < options.pollInterval
        ? .milliseconds(1) : .nanoseconds(max(.milliseconds(1), options.pollInterval / 10).wholeNanoseconds))
  }

  /// Watches the folder that is at the path now.
  private func watchIfNeeded() {
    guard isStarted, events?.isWatching(folders.inbox) != true else { return }
    dropEvents()
    scanner.forgetArrivals()
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
