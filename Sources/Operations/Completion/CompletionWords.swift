internal import Core
internal import Engine
internal import Outbox
internal import Results
package import Settings
internal import Spool

/// What a shell offers after `upsertd`: names from the configuration, and files from the outbox and the folders.
///
/// A completion says nothing when it finds nothing: whatever can't be read is left out.
package enum CompletionWords {
  /// The value of `--config` in a command line; nil if it has none.
  ///
  /// - Parameter words: as the shell has them, perhaps with quotes.
  package static func configuration(in words: [String]) -> String? {
    for (place, word) in words.enumerated() {
      if word == "--config", place + 1 < words.count { return unquoted(words[place + 1]) }
      if word.hasPrefix("--config=") { return unquoted(String(word.dropFirst("--config=".count))) }
    }
    return nil
  }

  /// Without the quotes around it, and without backslashes.
  private static func unquoted(_ word: String) -> String {
    for quote in ["\"", "'"] where word.count >= 2 && word.hasPrefix(quote) && word.hasSuffix(quote) {
      return String(word.dropFirst().dropLast())
    }
    return word.replacing("\\", with: "")
  }

  package static func inboxes(_ settings: Settings) -> [String] { settings.inboxes.map(\.name) }

  package static func targets(_ settings: Settings) -> [String] { settings.targets.map(\.name) }

  /// Names and ids of the files that an order could be meant for, newest first, at most `mostFiles`.
  ///
  /// - Parameter purpose: nil for all files.
  package static func files(for purpose: FileChoice.Purpose?, _ settings: Settings) async -> [String] {
    let open = (try? await openFiles(settings)) ?? []
    var files: [FileChoice.Candidate]
    switch purpose {
    case .underWay: files = open
    case .release: files = open.filter { $0.state == .unreleased }
    case .replay: files = doneFiles(settings)
    case nil: files = open + doneFiles(settings)
    }
    files.sort { $0.id > $1.id }
    return words(for: Array(files.prefix(mostFiles)))
  }

  /// More than that fill the screen.
  private static let mostFiles = 50

  /// Each file's id, and its name if that says which one is meant.
  static func words(for files: [FileChoice.Candidate]) -> [String] {
    var counts: [String: Int] = [:]
    for file in files { counts[file.name, default: 0] += 1 }
    return files.flatMap { file in
      counts[file.name] == 1 && !file.name.isEmpty && file.name == file.name.onOneLine
        ? [file.name, file.id.text] : [file.id.text]
    }
  }

  private static func openFiles(_ settings: Settings) async throws -> [FileChoice.Candidate] {
    try await Operator.looking(at: settings) { outbox in
      let unreleased = Set(try await outbox?.unreleasedFiles().map(\.id) ?? [])
      var ids: Set<FileID> = []
      var files: [FileChoice.Candidate] = []
      for inbox in settings.inboxes {
        for file in try InboxFolders(spool: settings.spool, inbox: inbox.name).claimedFiles() {
          guard ids.insert(file.id).inserted, try await outbox?.finishedStatus(file.id) == nil else { continue }
          files.append(
            FileChoice.Candidate(
              id: file.id, inbox: inbox.name, name: file.dropped.display,
              state: unreleased.contains(file.id) ? .unreleased : .underWay))
        }
      }
      return files
    }
  }

  private static func doneFiles(_ settings: Settings) -> [FileChoice.Candidate] {
    ((try? ReceiptFolders(settings).entries()) ?? []).prefix(mostFiles).map {
      FileChoice.Candidate(id: $0.id, inbox: $0.inbox, name: $0.name, state: .done)
    }
  }
}
