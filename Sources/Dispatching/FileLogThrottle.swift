internal import Core

/// Decides which of a file's batches are logged at the usual level: a large file has thousands, all with the same fate.
///
/// A value without a clock. The first batch that is sent, the first that has to wait for a reason, and the first that
/// is sent after that are logged. A file whose batches fail now and then gets one such pair of lines a minute.
struct FileLogThrottle {
  private struct Story {
    var isSent = false
    var isSplit = false
    /// Why it waits, as last logged; nil if it does not wait.
    var reason: String?
    /// When each reason was last logged.
    var warnedAt: [String: QueueTime] = [:]
  }

  /// The least time between two warnings about a file that waits again for the same reason.
  static let calm = Duration.seconds(60)
  /// Bounds memory; forgotten news may be logged a second time.
  private static let mostFiles = 10_000
  private static let mostReasons = 10

  private var stories: [FileID: Story] = [:]

  mutating func isWorthLogging(sent file: FileID) -> Bool {
    change(file) { story in
      let isFirst = !story.isSent || story.reason != nil
      story.isSent = true
      story.reason = nil
      return isFirst
    }
  }

  mutating func isWorthLogging(split file: FileID) -> Bool {
    change(file) { story in
      defer { story.isSplit = true }
      return !story.isSplit
    }
  }

  mutating func isWorthLogging(delay reason: String, of file: FileID, at now: QueueTime) -> Bool {
    change(file) { story in
      guard story.reason != reason else { return false }
      if let warnedAt = story.warnedAt[reason], now - warnedAt < Self.calm { return false }
      if story.warnedAt.count >= Self.mostReasons { story.warnedAt = [:] }
      story.reason = reason
      story.warnedAt[reason] = now
      return true
    }
  }

  /// Nothing is left to log for the file.
  mutating func forget(_ file: FileID) { stories[file] = nil }

  private mutating func change(_ file: FileID, _ body: (inout Story) -> Bool) -> Bool {
    if stories.count >= Self.mostFiles, stories[file] == nil { stories.removeAll(keepingCapacity: true) }
    return body(&stories[file, default: Story()])
  }
}
