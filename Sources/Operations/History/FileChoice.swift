package import Core
internal import Engine
internal import Outbox
package import Settings
internal import Spool

/// The file that an order means, if it names it by the beginning of its id or by its name.
///
/// An order changes something, so it never picks one of several: only files that it could be meant for count, and if that
/// leaves more than one, the user chooses.
package enum FileChoice: Sendable, Equatable {
  case one(FileID)
  /// Newest first, and how many more there are.
  case several([Candidate], more: Int)
  case none

  package struct Candidate: Sendable, Equatable {
    package var id: FileID
    package var inbox: String
    package var name: String
    package var state: State

    package init(id: FileID, inbox: String, name: String, state: State) {
      (self.id, self.inbox, self.name, self.state) = (id, inbox, name, state)
    }
  }

  package enum State: String, Sendable {
    case underWay = "under way"
    case unreleased = "waiting for its release"
    case done
  }

  /// What is to be done with the file.
  package enum Purpose: Sendable {
    /// `retry`, `cancel`
    case underWay
    case release
    case replay

    fileprivate func fits(_ state: State) -> Bool {
      switch self {
      case .underWay: state != .done
      case .release: state == .unreleased
      case .replay: state == .done
      }
    }
  }

  static let mostListed = 20

  /// - Parameter candidates: all files that are meant by the text, newest first.
  package init(among candidates: [Candidate], for purpose: Purpose) {
    let fitting = candidates.filter { purpose.fits($0.state) }
    // If none fits, the order says why.
    let meant = fitting.isEmpty ? candidates : fitting
    switch meant.count {
    case 0: self = .none
    case 1: self = .one(meant[0].id)
    default:
      self = .several(Array(meant.prefix(Self.mostListed)), more: max(0, meant.count - Self.mostListed))
    }
  }
}

extension FileSearch {
  /// Nobody reads a list of more.
  private static let mostCandidates = 1000

  /// The file that `text` means: an id, the beginning of one, or a dropped file's name.
  ///
  /// A whole id is taken as it is: the order finds out whether there is such a file.
  /// - Throws: `OutboxError`, `InboxError` if that can't be seen.
  package static func choice(
    of text: String, for purpose: FileChoice.Purpose, settings: Settings
  ) async throws -> FileChoice {
    if let id = FileID(text.uppercased()) { return .one(id) }
    return try await Operator.looking(at: settings) { outbox in
      var candidates: [FileChoice.Candidate] = []
      for id in try await ids(meantBy: text, settings: settings, outbox).prefix(mostCandidates) {
        candidates.append(try await candidate(id, settings, outbox))
      }
      return FileChoice(among: candidates, for: purpose)
    }
  }

  private static func candidate(
    _ id: FileID, _ settings: Settings, _ outbox: Outbox?
  ) async throws -> FileChoice.Candidate {
    func named(_ name: [UInt8]) -> String { FileName(bytes: name)?.display ?? "" }
    if let record = try await outbox?.file(id) {
      return FileChoice.Candidate(
        id: id, inbox: record.inbox, name: named(record.name), state: record.waitsForRelease ? .unreleased : .underWay)
    }
    if let finished = try await outbox?.finished(id) {
      return FileChoice.Candidate(id: id, inbox: finished.inbox, name: named(finished.name), state: .done)
    }
    // A small file has no row before it is published.
    for inbox in settings.inboxes {
      let work = try InboxFolders(spool: settings.spool, inbox: inbox.name).claimedFiles().first { $0.id == id }
      if let work {
        return FileChoice.Candidate(id: id, inbox: inbox.name, name: work.dropped.display, state: .underWay)
      }
    }
    // Only its receipt is left.
    return FileChoice.Candidate(id: id, inbox: "", name: "", state: .done)
  }
}
