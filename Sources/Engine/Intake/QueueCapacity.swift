package import Core

/// The room that a file takes once claimed, as far as its name and size show.
package struct SpaceEstimate: Sendable, Equatable {
  /// Counts against `queue.max_bytes`: the total size of its requests.
  package var queueBytes: Int
  /// Bytes on the outbox's disk.
  package var diskBytes: Int

  package static let none = SpaceEstimate(queueBytes: 0, diskBytes: 0)

  package init(queueBytes: Int, diskBytes: Int) {
    self.queueBytes = queueBytes
    self.diskBytes = diskBytes
  }

  /// - Parameters:
  ///   - size: of the file as dropped.
  ///   - unpacked: the size of its content if it is compressed; nil if it is not.
  ///   - staysInFile: whether items are sent as they are in the file (JSON): the outbox then holds their places, and no
  ///     copy.
  package init(size: Int, unpacked: Int?, staysInFile: Bool) {
    let content = max(size, unpacked ?? 0)
    queueBytes = content
    // Places and keys take an eighth if items are short, and much less if they are long.
    diskBytes = staysInFile && unpacked == nil ? content / 8 : content
  }
}

extension SpaceEstimate {
  /// Saturates.
  package static func + (a: SpaceEstimate, b: SpaceEstimate) -> SpaceEstimate {
    SpaceEstimate(queueBytes: sum(a.queueBytes, b.queueBytes), diskBytes: sum(a.diskBytes, b.diskBytes))
  }
}

private func sum<Number: FixedWidthInteger>(_ a: Number, _ b: Number) -> Number {
  let (sum, isOver) = a.addingReportingOverflow(b)
  return isOver ? .max : sum
}

/// Why no further file of an inbox is claimed, whatever the state of the file itself.
package struct ClaimObstacle: Sendable, Equatable, CustomStringConvertible {
  package enum Kind: String, Sendable {
    case queueFull
    case diskFull
    case paused
    /// Too many files wait for an earlier one to be read.
    case behindUnread
  }

  package var kind: Kind
  /// Human-readable, with the numbers and the settings that they are compared with.
  package var description: String

  package init(kind: Kind, description: String) {
    self.kind = kind
    self.description = description
  }

  package static let paused = ClaimObstacle(kind: .paused, description: "the inbox is paused by an operator")

  package static func behindUnread(_ files: Int) -> ClaimObstacle {
    ClaimObstacle(
      kind: .behindUnread,
      description: "\(files) files of the inbox were read and are waiting for an earlier file that can't be read yet")
  }
}

/// How much room there is for files in the queue and on the disks of the outbox and the spool.
///
/// A snapshot of one moment. All arithmetic saturates, since sizes come from untrusted files.
package struct QueueCapacity: Sendable, Equatable {
  package struct Disk: Sendable, Equatable {
    package var free: UInt64
    package var size: UInt64

    package init(free: UInt64, size: UInt64) {
      self.free = free
      self.size = size
    }
  }

  /// `queue.max_bytes` and `queue.min_free_disk`.
  package struct Limits: Sendable, Equatable {
    package var maxQueueBytes: Int
    package var minFreeDisk: Int

    package init(maxQueueBytes: Int, minFreeDisk: Int) {
      self.maxQueueBytes = maxQueueBytes
      self.minFreeDisk = minFreeDisk
    }
  }

  private let limits: Limits
  private let state: Disk
  private let spool: Disk
  private let queuedBytes: Int
  /// The room that already claimed files will still take.
  private var promised: SpaceEstimate

  package init(
    limits: Limits, queuedBytes: Int, state: Disk, spool: Disk, promised: SpaceEstimate = .none
  ) {
    self.limits = limits
    self.queuedBytes = queuedBytes
    self.state = state
    self.spool = spool
    self.promised = promised
  }

  /// Why a file will never fit, however long it waits; nil if it may.
  ///
  /// - Parameter size: as dropped. The declared size of a compressed file's content is no reason to reject it.
  package func reasonWhyNever(_ need: SpaceEstimate, size: Int) -> String? {
    if size > limits.maxQueueBytes {
      return "the file has \(size) bytes; queue.max_bytes allows \(limits.maxQueueBytes) for everything that is waiting"
    }
    let wanted = UInt64(clamping: min(need.diskBytes, size))
    // Without the reserve of `queue.min_free_disk`: a setting that can't be met is not the file's fault.
    if wanted > state.size {
      return "the outbox needs about \(wanted) bytes for the file, but its filesystem has \(state.size)"
    }
    return nil
  }

  /// Why a file can't be claimed now; nil if there is room, which is then reserved for it.
  package mutating func take(_ need: SpaceEstimate) -> ClaimObstacle? {
    // An unusable file takes no room. It is claimed and rejected however full the queue is.
    guard need != .none else { return nil }
    if let obstacle = obstacle(to: need) { return obstacle }
    promised = promised + need
    return nil
  }

  /// Why nothing at all would be claimed now.
  package var obstacle: ClaimObstacle? { obstacle(to: SpaceEstimate(queueBytes: 1, diskBytes: 1)) }

  private func obstacle(to need: SpaceEstimate) -> ClaimObstacle? {
    let waiting = sum(queuedBytes, promised.queueBytes)
    if sum(waiting, need.queueBytes) > limits.maxQueueBytes {
      let file = need.queueBytes > 1 && waiting < limits.maxQueueBytes ? ", the file has about \(need.queueBytes)" : ""
      return ClaimObstacle(
        kind: .queueFull,
        description:
          "the queue is full: \(counted(waiting, "byte")) waiting\(file), queue.max_bytes is \(limits.maxQueueBytes)")
    }
    let kept = UInt64(clamping: limits.minFreeDisk)
    if spool.free < kept { return .diskFull(free: spool.free, limits, promised: 0, wanted: 0) }
    let wanted = sum(promised.diskBytes, need.diskBytes)
    if state.free < sum(kept, UInt64(clamping: wanted)) {
      return .diskFull(
        free: state.free, limits, promised: promised.diskBytes, wanted: state.free < kept ? 0 : need.diskBytes)
    }
    return nil
  }
}

extension ClaimObstacle {
  fileprivate static func diskFull(free: UInt64, _ limits: QueueCapacity.Limits, promised: Int, wanted: Int)
    -> ClaimObstacle
  {
    let file = wanted > 1 ? ", the file needs about \(wanted)" : ""
    let others = promised > 0 ? ", files being read need \(promised)" : ""
    return ClaimObstacle(
      kind: .diskFull,
      description:
        "the disk is full: \(counted(Int(clamping: free), "byte is", "bytes are")) free\(file)\(others), queue.min_free_disk is \(limits.minFreeDisk)"
    )
  }
}

/// How long a claimed file could not be read, and when it is retried.
package struct ReadingTrouble: Sendable, Equatable {
  /// After failing this long, the disk or server is taken to have lost the file; files that wait for it have waited
  /// enough.
  package static let patience = Duration.seconds(3600)

  package private(set) var since: QueueTime
  package private(set) var failures = 0
  /// When it is retried.
  package private(set) var due: QueueTime
  /// Why the last try failed.
  package private(set) var reason = ""

  /// Reading failed for the first time; `fail` gives the reason.
  package init(since now: QueueTime) {
    since = now
    due = now
  }

  /// Reading failed again.
  package mutating func fail(_ reason: String, at now: QueueTime, backoff: Backoff) {
    failures += 1
    self.reason = reason
    // The last try comes at the end of the hour, not a long wait after it.
    due = min(now + backoff.ceiling(failures: failures), max(now, since + Self.patience))
  }

  /// An operator wants it retried now.
  package mutating func makeDue(at now: QueueTime) { due = min(due, now) }

  /// Whether a try that fails now is the last one.
  package func isHopeless(at now: QueueTime) -> Bool { now >= since + Self.patience }
}
