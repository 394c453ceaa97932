internal import Core
internal import Foundation
internal import JSONText
internal import Sandbox

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

extension SampleFile {
  /// Throws if a receipt says anything other than what the file was made for.
  func check(_ receipt: ReceiptFile) throws {
    let accepted = items - faults.count
    guard receipt.items == items, receipt.accepted == accepted, receipt.rejected == faults.count else {
      throw DemoFailure(
        """
        the receipt of \(name) counts \(receipt.items) items, \(receipt.accepted) accepted and \(receipt.rejected) \
        rejected; expected \(items), \(accepted) and \(faults.count): \(receipt.path)
        """)
    }
    let expected = faults.map { "item \($0.item): \($0.code.rawValue)" }
    let found = receipt.rejects.map { "item \($0.item): \($0.code)" }
    guard found == expected else {
      throw DemoFailure(
        """
        the receipt of \(name) rejects \(found.joined(separator: ", ")); expected \
        \(expected.joined(separator: ", ")): \(receipt.path)
        """)
    }
  }

  /// The text of a rejects file with all its rows corrected.
  func corrected(_ rejects: String) throws -> String {
    var lines = rejects.components(separatedBy: "\n")
    for (index, fault) in faults.enumerated() {
      // Row by row after the header; from the end, since the reason at the front may quote the error.
      guard let (bad, good) = fault.correction, lines.indices.contains(index + 1),
        let range = lines[index + 1].range(of: bad, options: .backwards)
      else { throw DemoFailure("the rejects file of \(name) has no row for item \(fault.item)") }
      lines[index + 1].replaceSubrange(range, with: good)
    }
    return lines.joined(separator: "\n")
  }
}
