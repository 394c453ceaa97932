internal import GRDB

/// The outbox can't be used.
package struct OutboxError: Error, Equatable, CustomStringConvertible {
  package enum Code: Sendable {
    /// Written by a newer program.
    case newer
    /// Written by an older program, and not brought up to date yet by the daemon.
    case older
    /// Not a database, or one whose content contradicts itself.
    case damaged
    /// No such file, no permission, a read-only folder.
    case unusable
    /// A full disk, a failing disk: it may pass.
    case failing
  }

  package var code: Code
  package var path: String
  package var reason: String

  package init(_ code: Code, path: String, reason: String) {
    self.code = code
    self.path = path
    self.reason = reason
  }

  init(_ error: any Error, path: String) {
    if let error = error as? OutboxError {
      self = error
      return
    }
    guard let error = error as? DatabaseError else {
      self.init(.failing, path: path, reason: String(describing: error))
      return
    }
    let code: Code =
      switch error.resultCode {
      case .SQLITE_CORRUPT, .SQLITE_NOTADB: .damaged
      // A file that was cut off.
      case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHORT_READ: .damaged
      case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM: .unusable
      default: .failing
      }
    let words = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
    if error.resultCode == .SQLITE_ERROR, words.hasPrefix("no such ") {
      self.init(
        .older, path: path,
        reason: "it is one of an older upsertd (\(words)); `upsertd run` brings it up to date when it starts")
      return
    }
    // Only SQLite's own words: its statements and their arguments hold item contents.
    self.init(code, path: path, reason: words)
  }

  package var mayPass: Bool { code == .failing }

  package var description: String {
    let advice = code == .damaged ? "; `upsertd doctor` says what can be saved, and how to go on" : ""
    return "outbox \"\(path)\": \(reason)\(advice)"
  }
}
