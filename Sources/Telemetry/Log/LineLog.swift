internal import Core
internal import Glibc
internal import JSONText
package import Logging
internal import Runtime
internal import Settings

/// Writes log entries to standard error, one line each: human-readable, for systemd's journal, or as JSON.
///
/// The journal gets an entry with its fields (`JournalSocket`); if it can't be reached, a line that begins with the
/// priority (sd-daemon(3): `<6>`) and has no time, which the journal adds.
package struct LineLog: LogHandler {
  package enum Form: Sendable {
    case text
    case journal(JournalSocket?)
    case json
  }

  package var metadata: Logger.Metadata = [:]
  package var logLevel: Logger.Level
  private let form: Form
  private let sink: (@Sendable (_ line: String) -> Void)?

  /// - Parameter sink: takes the lines, each with its end, in place of standard error.
  package init(form: Form, level: Logger.Level, sink: (@Sendable (_ line: String) -> Void)? = nil) {
    self.form = form
    self.sink = sink
    logLevel = level
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    let fields = metadata.merging(event.metadata ?? [:]) { _, new in new }.sorted {
      Self.order($0.key) < Self.order($1.key)
    }
    var line: String
    switch form {
    case .text:
      line = "\(Timestamp.now) \(event.level.rawValue.padded(to: 7)) \(event.message)\(Self.text(fields))\n"
    case .journal(let socket):
      let (text, priority) = ("\(event.message)\(Self.text(fields))", Self.priority(event.level))
      let entry = JournalEntry(
        message: text, priority: priority, event: "\(event.message)",
        fields: fields.map { ($0.key, "\($0.value)") })
      if let socket, socket.send(entry) { return }
      line = "<\(priority)>\(text)\n"
    case .json:
      var members = [
        "\"time\":\"\(Timestamp.now)\"", "\"level\":\"\(event.level.rawValue)\"",
        "\"message\":\(Self.quoted("\(event.message)"))",
      ]
      members += fields.map { "\(Self.quoted($0.key)):\(Self.json($0.value))" }
      line = "{\(members.joined(separator: ","))}\n"
    }
    if let sink { return sink(line) }
    // One write per line, so that lines of several threads do not mix.
    line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// File names and server texts may contain anything: they must not end a line or control a terminal.
  private static func text(_ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
    fields.map { key, value in
      let text = "\(value)".onOneLine
      return " \(key)=\(isPlain(text) ? text : quoted(text))"
    }.joined()
  }

  private static func isPlain(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") }
  }

  /// Numbers and booleans keep their type.
  private static func json(_ value: Logger.MetadataValue) -> String {
    guard case .stringConvertible(let value) = value else { return quoted("\(value)") }
    switch value {
    case let number as Int: return "\(number)"
    case let number as Double where number.isFinite: return "\(number)"
    case let isSo as Bool: return "\(isSo)"
    default: return quoted("\(value)")
    }
  }

  private static func quoted(_ text: String) -> String {
    var bytes: [UInt8] = []
    appendQuoted(text, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What a line is about comes first, what happened to it last.
  private static func order(_ key: String) -> String {
    let first = ["inbox", "file", "name", "target", "batch", "attempt"]
    return first.firstIndex(of: key).map { "\($0)" } ?? "9\(key)"
  }

  /// syslog(3).
  private static func priority(_ level: Logger.Level) -> Int {
    switch level {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - count))
  }
}

extension Logger.MetadataValue {
  /// A number, which stays a number if the log is JSON.
  package static func number(_ number: Int) -> Logger.MetadataValue { .stringConvertible(number) }
}
