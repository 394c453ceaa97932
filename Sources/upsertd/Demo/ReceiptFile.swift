internal import Core
internal import Foundation
internal import JSONText

/// A receipt in its folder, read as any other program would read it.
struct ReceiptFile: Sendable {
  struct Reject: Sendable {
    var item: Int
    var line: Int
    var code: String
    var message: String
  }

  var id: String
  var path: String
  var text: String
  var status: String
  var file: String
  var inbox: String
  var target: String
  var corrects: String?
  var items: Int
  var accepted: Int
  var rejected: Int
  var requests: Int
  /// Requests that got no complete answer.
  var unanswered: Int
  /// Requests that repeated an earlier one: after a 429, a 503, or no answer.
  var retries: Int
  var rejectsFile: String?
  var rejects: [Reject]

  init(path: String) throws {
    let bytes = Array(try Data(contentsOf: URL(filePath: path)))
    let document: JSONValue
    do {
      document = try JSONValue.parse(bytes)
    } catch {
      throw DemoFailure("the receipt \"\(path)\" is not JSON: \(error)")
    }
    func number(_ value: JSONValue?, _ name: String) throws -> Int {
      guard let number = value?[name]?.integer else { throw DemoFailure("the receipt \"\(path)\" has no \(name)") }
      return number
    }
    func word(_ value: JSONValue?, _ name: String) throws -> String {
      guard let text = value?[name]?.string else { throw DemoFailure("the receipt \"\(path)\" has no \(name)") }
      return text
    }
    let counts = document["counts"], batches = document["batches"]?.elements ?? []
    self.path = path
    text = String(decoding: bytes, as: UTF8.self)
    id = try word(document["file"], "id")
    status = try word(document, "status")
    file = try word(document["file"], "name")
    inbox = try word(document["file"], "inbox")
    target = try word(document["target"], "name")
    corrects = document["file"]?["corrects"]?.string
    items = try number(counts, "items")
    accepted = try number(counts, "accepted")
    rejected = try number(counts, "rejected")
    requests = try number(counts, "requests")
    unanswered = try batches.reduce(0) { $0 + (try number($1, "unanswered")) }
    retries = try batches.reduce(0) { $0 + max(0, try number($1, "attempts") - 1) }
    rejectsFile = document["rejects"]?["file"]?.string
    rejects = try (document["rejects"]?["first"]?.elements ?? []).map { reject in
      Reject(
        item: try number(reject, "item"), line: try number(reject, "line"), code: try word(reject, "code"),
        message: try word(reject, "message"))
    }
  }
}
