internal import Foundation
internal import Glibc
internal import Sandbox

/// The demo's temporary folder: configuration, sample files, spool and state. Only its owner can read it.
struct DemoFolder: Sendable {
  let path: String

  var configuration: String { "\(path)/upsertd.yaml" }
  var log: String { "\(path)/upsertd.log" }

  init() throws {
    var parent = FileManager.default.temporaryDirectory.path(percentEncoded: false)
    // The daemon's control socket is inside it; a socket's path has 107 bytes at most (unix(7)).
    if parent.utf8.count > 60 { parent = "/tmp/" }
    var template = Array((parent + (parent.hasSuffix("/") ? "" : "/") + "upsertd-demo-XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw Self.failure("create a temporary folder in \"\(parent)\"") }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func remove() throws { try FileManager.default.removeItem(atPath: path) }

  /// Writes the files that the daemon reads at its start.
  func configure(_ addresses: SandboxAddresses) throws {
    for (name, text) in SandboxDemo.all.flatMap(\.companions) { try write(text, to: name) }
    try write(Self.configuration(addresses), to: "upsertd.yaml")
  }

  // MARK: - Dropping files

  func inbox(_ name: String) -> String { "\(path)/spool/\(name)/inbox" }

  func hasInbox(_ name: String) -> Bool { FileManager.default.fileExists(atPath: inbox(name)) }

  /// Drops a file as a good sender does: writes it under a hidden name, then renames it, so that it appears whole.
  func drop(_ name: String, in inbox: String, _ text: String) throws {
    let hidden = "spool/\(inbox)/inbox/.\(name)"
    try write(text, to: hidden)
    guard rename("\(path)/\(hidden)", "\(self.inbox(inbox))/\(name)") == 0 else {
      throw Self.failure("rename \"\(hidden)\"")
    }
  }

  /// The receipt of the file dropped as `name`; nil until there is one.
  func receipt(of name: String, in inbox: String) throws -> ReceiptFile? {
    try names(inbox, "outbox/receipts").first { $0.hasPrefix(name + ".") && $0.hasSuffix(".receipt.json") }
      .map { try ReceiptFile(path: "\(path)/spool/\(inbox)/outbox/receipts/\($0)") }
  }

  /// What is in one of an inbox's folders, excluding hidden files.
  func names(_ inbox: String, _ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(path)/spool/\(inbox)/\(folder)").filter {
      !$0.hasPrefix(".")
    }
  }

  func rejectsPath(_ receipt: ReceiptFile) -> String? {
    receipt.rejectsFile.map { "\(path)/spool/\(receipt.inbox)/outbox/rejected/\($0)" }
  }

  /// `path` relative to the demo's folder.
  func short(_ path: String) -> String {
    path.hasPrefix(self.path + "/") ? String(path.dropFirst(self.path.utf8.count + 1)) : path
  }

  func read(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
  }

  private func write(_ text: String, to name: String) throws {
    let file = "\(path)/\(name)"
    let isWritten = FileManager.default.createFile(
      atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    guard isWritten else { throw Self.failure("write \"\(file)\"") }
  }

  private static func failure(_ act: String) -> DemoFailure {
    DemoFailure("\(act): \(String(cString: strerror(errno)))")
  }

  private static func configuration(_ addresses: SandboxAddresses) -> String {
    """
    # Written by `upsertd demo`. Both targets are its sandbox, which accepts any password.
    spool: spool
    state: state
    watch: {poll_interval: 200ms, settle: 500ms}
    retry: {initial: 250ms, max: 1s}         # the default is up to five minutes
    admin: false

    targets:
    \(indented(SandboxDemo.all.map { $0.target(addresses) }))

    inboxes:
    \(indented(SandboxDemo.all.map(\.inboxSettings)))

    """
  }

  private static func indented(_ blocks: [String]) -> String {
    blocks.flatMap { $0.split(separator: "\n") }.map { "  " + $0 }.joined(separator: "\n")
  }
}
