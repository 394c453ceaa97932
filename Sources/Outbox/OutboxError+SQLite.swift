internal import Engine
internal import GRDB

extension OutboxError {
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
        reason: "it was written by an older upsertd (\(words)); `upsertd run` upgrades it when it starts")
      return
    }
    // Only SQLite's own words: its statements and their arguments hold item contents.
    self.init(code, path: path, reason: words)
  }
}
