import Glibc

/// What went wrong with a folder or a file in it.
package struct InboxError: Error, Equatable, Sendable {
  package enum Code: Sendable {
    /// A folder is missing, not writable, or not a folder.
    case unusableFolder
    /// The five folders are not on one filesystem, so a file can't be renamed from one to another.
    case notOneFilesystem
    /// The disk or the quota is full.
    case full
    /// The file is not where it should be.
    case missing
    /// The name that the file should get belongs to another file, or to a folder that can't be moved out of the way.
    case taken
    /// The name that was kept for the file is not a valid one.
    case nameless
    /// The file has more bytes than may be read in one piece.
    case tooLarge
    /// The system refused for another reason.
    case failed
  }

  package var code: Code
  /// What was being done: `claim`, `archive`, …
  package var act: String
  package var path: String
  package var reason: String
  /// Whether the same act may work later without anybody's help.
  package var mayPass: Bool
  /// Whether this user lacks a permission.
  package var isRefusal = false

  package init(_ code: Code, _ act: String, _ path: String, _ reason: String, mayPass: Bool = false) {
    self.code = code
    self.act = act
    self.path = path
    self.reason = reason
    self.mayPass = mayPass
  }

  /// From an errno.
  init(_ act: String, _ path: String, errno number: Int32, _ code: Code? = nil) {
    let passing: Set<Int32> = [EAGAIN, EBUSY, EDQUOT, EINTR, EIO, EMFILE, ENFILE, ENOMEM, ENOSPC, ESTALE]
    self.code =
      switch number {
      case ENOSPC, EDQUOT: .full
      case EXDEV: .notOneFilesystem
      default: code ?? (number == ENOENT ? .missing : .failed)
      }
    self.act = act
    self.path = path
    self.reason = Self.text(of: number)
    self.mayPass = passing.contains(number)
    self.isRefusal = number == EACCES || number == EPERM
  }

  /// An errno in the system's words, lower case: `permission denied`.
  static func text(of number: Int32) -> String {
    let text = String(cString: strerror(number))
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}

extension InboxError: CustomStringConvertible {
  package var description: String { "\(act) \"\(path)\": \(reason)" }
}
