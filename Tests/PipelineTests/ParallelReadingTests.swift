import APIs
import Core
import Foundation
import Intake
import Runtime
import Settings
import Testing
import TestKit

/// Items of a large file are converted on several threads; nothing of that may show in what comes out.
@Suite struct ParallelReadingTests {
  private struct Collected: ReadingSink {
    var batches: [QueuedBatch] = []
    var rejects: [Reject] = []

    mutating func take(_ batch: QueuedBatch, ordinal: Int, for destination: RouteTargets.Destination) {
      batches.append(batch)
    }

    mutating func reject(_ reject: Reject) { rejects.append(reject) }
  }

  private static let target = "{api: liquid, url: 'http://127.0.0.1:1', auth: {access_token: t}}"

  /// - Parameter inbox: further keys of the inbox.
  private func read(
    _ text: String, as name: String, targets: String = "{t: \(target)}", inbox: String
  ) async throws -> (result: ReadingResult, collected: Collected) {
    try await withTemporaryFolder { folder in
      let yaml = """
        spool: \(folder)/spool
        state: \(folder)/state
        admin: false
        targets: \(targets)
        inboxes: [{name: a, \(inbox)}]
        """
      let path = folder + "/upsertd.yaml"
      _ = FileManager.default.createFile(
        atPath: path, contents: Data(yaml.utf8), attributes: [.posixPermissions: 0o600])
      let settings = try Settings.load(path: path, environment: [:])
      let file = folder + "/" + name
      try Data(text.utf8).write(to: URL(filePath: file))
      let handle = try #require(FileHandle(forReadingAtPath: file))
      defer { try? handle.close() }
      var reading = FileReading(
        inbox: settings.inboxes[0], settings: settings, name: Array(name.utf8), path: file,
        descriptor: handle.fileDescriptor, size: text.utf8.count, refersToFile: true, key: SourceKey(Array(0..<16)))
      var collected = Collected()
      let result = try reading.run(into: &collected)
      return (result, collected)
    }
  }

  private static let key = "target: t, item: {category: entity, type: Account, action: Merge, key: [accountId]}"

  @Test func `a file of many blocks gives its items in order, each once, with numbers and lines as in the file`()
    async throws
  {
    let count = 20_000
    let lines = (1...count).map {
      $0 % 997 == 0 ? "{\"accountId\": \($0)," : "{\"accountId\": \($0), \"n\": \"\($0)\"}"
    }
    let (result, collected) = try await read(lines.joined(separator: "\n"), as: "a.ndjson", inbox: Self.key)
    #expect(result.fault == nil)
    #expect(result.items == count)
    let items = collected.batches.flatMap(\.items)
    let bad = (1...count).filter { $0 % 997 == 0 }
    #expect(collected.rejects.map(\.item) == bad)
    #expect(collected.rejects.map(\.line) == bad)
    #expect(items.map(\.number) == (1...count).filter { $0 % 997 != 0 })
    #expect(items.allSatisfy { $0.line == $0.number && $0.tag != nil })
    // Bodies refer to the places in the file.
    var start = 0
    let starts = lines.map { line in
      defer { start += line.utf8.count + 1 }
      return start
    }
    #expect(items.allSatisfy { $0.source.lowerBound == starts[$0.number - 1] })
    #expect(collected.batches.flatMap(\.body.runs).map(\.source.lowerBound) == items.map(\.source.lowerBound))
  }

  @Test func `rows of a large table become the items that they would be alone`() async throws {
    let rows = (1...6000).map { "\($0),\"name \($0), \"\"quoted\"\"\",\($0 % 500 == 0 ? "x" : "\($0).50")" }
    let (result, collected) = try await read(
      "accountId,name,limit:number\n" + rows.joined(separator: "\n") + "\n", as: "a.csv", inbox: Self.key)
    #expect(result.items == 6000 && result.rejected == 12)
    #expect(collected.rejects.map(\.line) == (1...12).map { $0 * 500 + 1 })
    let bodies = collected.batches.map { String(decoding: $0.body.literals, as: UTF8.self) }.joined()
    for number in [1, 2999, 5999] {
      #expect(bodies.contains(#""name":"name \#(number), \"quoted\"","limit":\#(number).50"#))
    }
    #expect(collected.batches.flatMap(\.items).map(\.number) == (1...6000).filter { $0 % 500 != 0 })
  }

  @Test func `the first fault of a file is reported, whichever thread finds it`() async throws {
    let lusid = #"{"identifiers": {}, "displayName": "n"}"#
    let liquid =
      #"{"headers": {"category": "entity", "type": "A", "action": "Merge"}, "data": {"text": "long enough"}}"#
    let targets =
      "{t: \(Self.target), l: {api: lusid, url: 'http://127.0.0.1:2/api', auth: {access_token: t}}}"
    var items = Array(repeating: liquid, count: 9000)
    items[4000] = lusid
    // The array is not closed, and another item of the wrong API follows: both come later in the file.
    items[8000] = lusid
    let (result, _) = try await read(
      "[" + items.joined(separator: ",\n"), as: "a.json", targets: targets,
      inbox: "target: auto")
    #expect(result.fault?.code == .noRoute)
    #expect(result.fault?.line == 4001)
  }

  @Test func `results of ordered work are taken in the order in which it was begun`() {
    var work = OrderedWork<Int>(width: 3)
    var taken: [Int] = []
    for number in 0..<200 {
      if work.isFull, let value = work.next() { taken.append(value) }
      work.begin {
        // The first of three takes longest.
        if number % 3 == 0 { usleep(2000) }
        return number
      }
    }
    while let value = work.next() { taken.append(value) }
    #expect(taken == Array(0..<200))
    work.begin { 1 }
    work.abandon()
    let (isEmpty, rest) = (work.isEmpty, work.next())
    #expect(isEmpty && rest == nil)
  }
}
