internal import Engine
internal import Glibc
internal import Spool

/// This user may not look, or may not do this: what could not be seen never counts as not there.
package struct Denial: Error, Equatable, CustomStringConvertible {
  /// What was refused, with its path and the system's words.
  package var reason: String
  /// The daemon's user, as far as that can be known.
  package var daemonUser: String?
  /// Whose rights this process has.
  package var user: String

  package init(reason: String, daemonUser: String?, user: String) {
    self.reason = reason
    self.daemonUser = daemonUser
    self.user = user
  }

  /// The command that would work, for a shell; nil where the system refuses even root, who is the daemon's user.
  ///
  /// - Parameter arguments: of the refused command, without the program's name.
  package func command(_ arguments: [String]) -> String? {
    let other = daemonUser.flatMap { $0 == user || $0 == "root" ? nil : $0 }
    // The daemon's own user needs more rights than it has. A network file system may refuse root what it permits that
    // user.
    if other == nil, user == "root" { return nil }
    // sudo takes a user without a name as #NUMBER.
    let name = other.map { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } ? "#\($0)" : $0 }
    let program = (name.map { ["sudo", "-u", $0] } ?? ["sudo"]) + ["upsertd"]
    return (program + arguments).map(Self.quoted).joined(separator: " ")
  }

  package var description: String { "\(reason); user \(user) may not do that" }

  private static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_./:@,+=%".utf8.contains(byte)
    }
    return plain && !word.isEmpty ? word : "'\(word.replacing("'", with: "'\\''"))'"
  }
}

extension Denial {
  /// - Parameter state: the daemon's state folder, whose owner is the daemon's user.
  package init(reason: String, state: String) {
    var status = stat()
    let isKnown = stat(state, &status) == 0
    // The package's user, where not even the folder can be seen.
    let packaged = getpwnam("upsertd") == nil ? nil : "upsertd"
    self.init(
      reason: reason, daemonUser: isKnown ? UserID(status.st_uid).name : packaged, user: UserID.ofProcess.name)
  }

  /// Nil if the error is not the system's refusal.
  package init?(_ error: any Error, state: String) {
    let isRefusal =
      switch error {
      case let error as InboxError: error.isRefusal
      case let error as OutboxError: error.code == .refused
      case let error as ControlError: error.isRefusal
      default: false
      }
    guard isRefusal else { return nil }
    self.init(reason: "\(error)", state: state)
  }
}

extension Operator {
  /// Runs `body`; the system's refusals become denials.
  package static func namingDenials<Value>(
    state: String, _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch {
      throw Denial(error, state: state) ?? error
    }
  }
}
