package import Core
internal import JSONText

/// An operator's order: `upsertd retry`, `cancel`, `pause`, `resume`, `replay`, `release`.
package enum Order: Sendable, Equatable {
  case retry(file: FileID?, target: String?)
  /// Send the notices that wait.
  case retryNotices
  case cancel(FileID)
  case pause(String)
  case resume(String)
  /// Drop a finished file, or its rejects file, again.
  case replay(FileID, rejects: Bool)
  /// Send what was read of a file of an inbox with `release: manual`.
  case release(FileID)
}

extension Order: CustomStringConvertible {
  /// As it is given on the command line.
  package var description: String {
    switch self {
    case .retry(let file?, _): "retry \(file)"
    case .retry(nil, let target?): "retry --target \(target)"
    case .retry(nil, nil): "retry"
    case .retryNotices: "retry --notices"
    case .cancel(let file): "cancel \(file)"
    case .pause(let name): "pause \(name)"
    case .resume(let name): "resume \(name)"
    case .release(let file): "release \(file)"
    case .replay(let file, let rejects): "replay \(file)\(rejects ? " --rejected" : "")"
    }
  }
}

/// The outcome of an order.
package struct OrderResult: Sendable, Equatable {
  package var isDone: Bool
  /// Human-readable: what was done, or why not.
  package var message: String

  package init(isDone: Bool, message: String) {
    self.isDone = isDone
    self.message = message
  }
}

extension Order {
  /// How long a command waits for the outcome.
  var patience: Duration {
    // A large file is copied.
    if case .replay = self { .seconds(3600) } else { .seconds(120) }
  }
}

// One line of JSON each way over the control socket.
extension Order {
  var line: [UInt8] {
    switch self {
    case .retry(let file, let target):
      Self.line(["order": "retry", "file": file?.text, "target": target])
    case .retryNotices: Self.line(["order": "retry", "notices": "all"])
    case .cancel(let file): Self.line(["order": "cancel", "file": file.text])
    case .pause(let name): Self.line(["order": "pause", "name": name])
    case .resume(let name): Self.line(["order": "resume", "name": name])
    case .release(let file): Self.line(["order": "release", "file": file.text])
    case .replay(let file, let rejects):
      Self.line(["order": "replay", "file": file.text, "part": rejects ? "rejects" : nil])
    }
  }

  /// Nil if the line is not an order.
  package init?(line: [UInt8]) {
    guard let document = try? JSONValue.parse(line, maxNesting: 8) else { return nil }
    let file = document["file"]?.string.flatMap { FileID($0) }
    switch (document["order"]?.string, document["name"]?.string) {
    case ("retry", _) where document["notices"] != nil:
      guard document["notices"]?.string == "all" else { return nil }
      self = .retryNotices
    case ("retry", _):
      if document["file"]?.string != nil, file == nil { return nil }
      self = .retry(file: file, target: document["target"]?.string)
    case ("cancel", _):
      guard let file else { return nil }
      self = .cancel(file)
    case ("release", _):
      guard let file else { return nil }
      self = .release(file)
    case ("replay", _):
      let part = document["part"]?.string
      guard let file, part == nil || part == "rejects" else { return nil }
      self = .replay(file, rejects: part != nil)
    case ("pause", let name?): self = .pause(name)
    case ("resume", let name?): self = .resume(name)
    default: return nil
    }
  }

  fileprivate static func line(_ members: KeyValuePairs<String, String?>) -> [UInt8] {
    var line = Array("{".utf8)
    for (name, value) in members {
      guard let value else { continue }
      if line.count > 1 { line.append(UInt8(ascii: ",")) }
      appendQuoted(name, to: &line)
      line.append(UInt8(ascii: ":"))
      appendQuoted(value, to: &line)
    }
    return line + Array("}\n".utf8)
  }
}

extension OrderResult {
  var line: [UInt8] { Order.line(["result": isDone ? "done" : "refused", "message": message]) }

  package init?(line: [UInt8]) {
    guard let document = try? JSONValue.parse(line, maxNesting: 8), let message = document["message"]?.string else {
      return nil
    }
    self.init(isDone: document["result"]?.string == "done", message: message)
  }
}
