internal import Core
internal import Engine
internal import Intake
internal import Metrics
package import Outbox
internal import Runtime
package import Settings
internal import Spool
package import Telemetry

/// What `run --once` shows on a terminal while it works: one line that says how much is done, how fast, and how long the
/// rest will take.
///
/// It takes samples and returns text; it has no clock and reads nothing. Rates are those of the last samples, so that a
/// target that stops is seen to stop. While files are unread, the number of their items is an estimate, from how many
/// items the bytes read so far have had.
package struct RunProgress: Sendable {
  package struct Sample: Sendable, Equatable {
    /// Since the run began.
    package var at = Duration.zero
    package var doneFiles = 0
    /// Claimed or ready to be claimed, and not done.
    package var openFiles = 0
    /// Of files that are read to their end, in this run.
    package var readBytes = 0
    /// Of files that are in the inboxes or being read, whole.
    package var unreadBytes = 0
    /// The files that are being read.
    package var reading: [Reading] = []
    /// Of files that are read to their end, in this run.
    package var readItems = 0
    /// Accepted or rejected, in this run.
    package var settledItems = 0
    /// Queued and neither accepted nor rejected.
    package var queuedItems = 0
    /// Which target is slow, and why.
    package var obstacle: String?

    package init() {}
  }

  package struct Reading: Sendable, Equatable {
    package var name: String
    package var read: Int
    package var size: Int

    package init(name: String, read: Int, size: Int) {
      (self.name, self.read, self.size) = (name, read, size)
    }
  }

  /// Those of the last `window`, oldest first, and one before.
  private var samples: [Sample] = []
  /// Totals do not fall because a file is between two folders at the time of a sample.
  private var mostFiles = 0

  private static let window = Duration.seconds(15)
  /// A rate of less time says little.
  private static let shortest = Duration.seconds(2)

  package init() {}

  package mutating func note(_ sample: Sample) {
    while samples.count > 1, samples[1].at <= sample.at - Self.window { samples.removeFirst() }
    samples.append(sample)
    mostFiles = max(mostFiles, sample.doneFiles + sample.openFiles)
  }

  // MARK: - Figures

  /// Items of files that are not read yet; nil if nothing shows how many that may be, zero if there are none.
  private var unreadItems: Int? {
    guard let now = samples.last else { return nil }
    if now.unreadBytes == 0 { return 0 }
    guard now.readItems > 0, now.readBytes > 0 else { return nil }
    return Int(saturating: Double(now.unreadBytes) * Double(now.readItems) / Double(now.readBytes))
  }

  /// All items of this run, as far as that is known.
  package var totalItems: Int? {
    guard let now = samples.last, let unread = unreadItems else { return nil }
    return now.settledItems.addingSaturated(now.queuedItems).addingSaturated(unread)
  }

  /// Items a second; nil while too little is known.
  package var itemRate: Double? { rate { Double($0.settledItems) } }

  /// How long the rest takes at the present rate; nil if that can't be estimated, as while a target takes nothing.
  package var timeLeft: Duration? {
    guard let now = samples.last, now.obstacle == nil else { return nil }
    if let total = totalItems, let rate = itemRate, rate > 0 {
      return .seconds(min(Self.longest, Double(max(0, total - now.settledItems)) / rate))
    }
    return nil
  }

  /// How long reading takes, for the time when nothing can be sent yet.
  private var readingTimeLeft: Duration? {
    guard let now = samples.last, now.unreadBytes > 0 else { return nil }
    func bytes(_ sample: Sample) -> Double { Double(sample.readBytes) + Double(Self.partialBytes(sample)) }
    guard let rate = rate(bytes), rate > 0 else { return nil }
    return .seconds(min(Self.longest, Double(max(0, now.unreadBytes - Self.partialBytes(now))) / rate))
  }

  /// A year, in seconds.
  private static let longest = 365.0 * 86_400

  private static func partialBytes(_ sample: Sample) -> Int { sample.reading.map(\.read).saturatedSum }

  private func rate(_ value: (Sample) -> Double) -> Double? {
    guard let first = samples.first, let last = samples.last, last.at - first.at >= Self.shortest else { return nil }
    return max(0, value(last) - value(first)) / (last.at - first.at).seconds
  }

  // MARK: - Text

  /// The line, the most important first, since a terminal may be narrow.
  package var line: String {
    guard let now = samples.last else { return "" }
    guard mostFiles > 0 || !now.reading.isEmpty else { return "looking for files" }
    var parts = ["\(now.doneFiles) of \(counted(mostFiles, "file")) done"]
    if let total = totalItems, total > 0 {
      let about = now.unreadBytes > 0 ? "about " : ""
      let percent = Int(saturating: 100 * Double(now.settledItems) / Double(total))
      parts.append("\(now.settledItems) of \(about)\(counted(total, "item")) (\(min(100, percent)) %)")
    } else if now.settledItems > 0 {
      parts.append(counted(now.settledItems, "item"))
    }
    if let rate = itemRate, rate > 0 { parts.append("\(Self.rounded(rate)) items/s") }
    if let left = timeLeft {
      parts.append("about \(left.spelled) left")
    } else if let left = readingTimeLeft {
      parts.append("about \(left.spelled) left to read")
    }
    var text = parts.joined(separator: ", ")
    // The largest: the others end sooner.
    if let file = now.reading.max(by: { $0.size < $1.size }), file.size > 0 {
      let percent = min(100, Int(saturating: 100 * Double(file.read) / Double(file.size)))
      let more = now.reading.count > 1 ? " and \(now.reading.count - 1) more" : ""
      text +=
        "; reading \(file.name): \(Self.size(min(file.read, file.size))) of \(Self.size(file.size)) (\(percent) %)\(more)"
    }
    if let obstacle = now.obstacle { text += "; \(obstacle)" }
    return text.onOneLine
  }

  private static func rounded(_ rate: Double) -> String {
    if rate < 10 {
      let tenths = Int((rate * 10).rounded())
      return "\(tenths / 10).\(tenths % 10)"
    }
    return "\(Int(saturating: rate.rounded()))"
  }

  /// `512 bytes`, `1.2 GiB`.
  static func size(_ bytes: Int) -> String {
    for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] where bytes >= unit {
      let tenths = bytes / (unit / 10)
      return "\(tenths / 10).\(tenths % 10) \(name)"
    }
    return counted(bytes, "byte")
  }
}

extension Int {
  /// The whole part; the nearest number if it does not fit. NaN is zero.
  fileprivate init(saturating value: Double) {
    self = value.isNaN ? 0 : value >= Double(Int.max) ? .max : value <= Double(Int.min) ? .min : Int(value)
  }
}

extension RunProgress.Sample {
  /// The state of a run: from its counters, the outbox, and the files that are ready in the inboxes.
  ///
  /// - Parameters:
  ///   - at: since the run began.
  ///   - doneFiles: files whose results are written.
  /// - Throws: `OutboxError`.
  package init(
    at: Duration, doneFiles: Int, settings: Settings, outbox: Outbox, instruments: Instruments
  ) async throws {
    self.init()
    self.at = at
    self.doneFiles = doneFiles
    let queue = try await outbox.queue()
    let reading = instruments.reading.all
    let paused = try await outbox.paused(.inbox)
    let inboxes = settings.inboxes.filter { !paused.contains($0.name) }
    let ready = await StatusReport.folderQueue.run {
      inboxes.flatMap { inbox in
        Watcher.scanOnce(
          folders: InboxFolders(spool: settings.spool, inbox: inbox.name), options: WatchOptions(inbox, settings)
        ).ready.map { Int($0.size) }
      }
    }
    let metrics = instruments.metrics
    readBytes = metrics.readBytes.all.map(\.1.value).saturatedSum
    readItems = metrics.readItems.all.map(\.1.value).saturatedSum
    settledItems = metrics.items.all.map(\.1.value).saturatedSum
    queuedItems = queue.items
    self.reading = reading.values.map { RunProgress.Reading(name: $0.name, read: $0.read, size: $0.size) }
    unreadBytes = (ready + reading.values.map(\.size)).saturatedSum
    openFiles = max(queue.files, instruments.unread.all.count, reading.count) + ready.count
    let slow = try await StatusReport.targets(settings, outbox).first { $0.state != .delivering }
    obstacle = slow.map { "\($0.name) \($0.state.rawValue)\($0.reason.map { ": \($0)" } ?? "")" }
  }
}
