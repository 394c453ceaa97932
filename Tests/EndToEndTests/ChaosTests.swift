import Foundation
import JSONText
import Synchronization
import Testing
import TestKit

/// APIs that misbehave in every way, at random: items end as they should anyway, and in order.
@Suite struct `Chaos` {
  private static let seed =
    ProcessInfo.processInfo.environment["UPSERTD_CHAOS_SEED"].flatMap { UInt64($0) } ?? .random(in: 0..<1_000_000)

  @Test(arguments: [true, false])
  func `whatever the API answers, each item ends as it deserves, in its key's order`(_ isLusid: Bool) async throws {
    let api = ChaoticAPI(isLusid: isLusid, seed: Self.seed)
    let server = try LoopbackServer { api.answer($0) }
    let target = ["batch: {max_items: 9}", "concurrency: 4", "timeout: 400ms"]
    var setup = isLusid ? Setup.lusid(server.url, target: target) : Setup.liquid(server.url, target: target)
    setup.retry = "{initial: 5ms, max: 30ms}"
    try await withWorld(setup) { world in
      let inbox = isLusid ? "investors" : "accounts"
      var random = SplitMix64(seed: Self.seed)
      var fates: [[Fate]] = []
      /// The last good item of each key.
      var last: [String: String] = [:]
      for file in 0..<5 {
        fates.append((0..<Int.random(in: 20...120, using: &random)).map { _ in Fate(isLusid: isLusid, &random) })
        let lines = fates[file].indices.map { number in
          // Names say where an item is, keys repeat.
          let name = "\(fates[file][number].rawValue)-\(file)-\(number)"
          let key = "k\(Int.random(in: 0..<40, using: &random))"
          if fates[file][number] == .good { last[key] = name }
          return isLusid ? record(key, name: name) : account(key, name: name)
        }
        try world.drop("file-\(file).json", in: inbox, array(lines))
      }
      let isAllGood = fates.joined().allSatisfy { $0 == .good }
      try await world.workOff(expecting: isAllGood ? 0 : 1, within: .seconds(120))
      let note: Comment = "UPSERTD_CHAOS_SEED=\(Self.seed)"
      try world.checkResults(inbox, files: fates.count)
      var requests = 0
      var accepted: Set<String> = []
      for (file, fates) in fates.enumerated() {
        let receipt = try world.receipt(inbox, of: "file-\(file).json")
        let expected = fates.enumerated().compactMap { number, fate in fate.code.map { (number + 1, $0) } }
        #expect(receipt.codes == Dictionary(uniqueKeysWithValues: expected), note)
        #expect(receipt.accepted == fates.count { $0.code == nil }, note)
        requests += receipt.requests ?? 0
        for (number, fate) in fates.enumerated() where fate.code == nil {
          accepted.insert("\(fate.rawValue)-\(file)-\(number)")
        }
      }
      #expect(requests == server.requests.count, note)
      #expect(api.applied == accepted, note)
      #expect(api.faults == [], note)
      #expect(api.last == last, note)
    }
    await server.stop()
  }

  @Test func `a line that is longer than what is looked at is sent to its end`() async throws {
    let server = try LoopbackServer { request in
      // Trouble for one in seven; the item is sent again.
      request.number % 7 == 0 ? .status(500) : .lusid(request)
    }
    var setup = Setup.lusid(server.url, target: ["batch: {max_items: 1}", "concurrency: 8"])
    setup.retry = "{initial: 5ms, max: 30ms}"
    try await withWorld(setup) { world in
      try world.drop("a.json", in: "investors", array((1...1300).map { record("\($0)") }))
      try world.drop("b.json", in: "investors", array((1...400).map { record("\($0 * 3)", name: "again \($0 * 3)") }))
      try await world.workOff(within: .seconds(120))
      try world.checkResults("investors", files: 2)
      #expect(try world.receipt("investors", of: "a.json").accepted == 1300)
      let names = server.requests.filter { $0.number % 7 != 0 }.flatMap(\.displayNames)
      #expect(names.count == 1700)
      let places = Dictionary(uniqueKeysWithValues: zip(names, names.indices))
      let overtaken = (1...400).filter { (places["\($0 * 3)"] ?? .max) > (places["again \($0 * 3)"] ?? 0) }
      #expect(overtaken == [])
    }
    await server.stop()
  }
}

/// What becomes of an item, once the API answers as it should.
private enum Fate: String {
  case good
  /// The whole batch gets a 400.
  case poison
  case refused
  /// LUSID: named nowhere.
  case ignored

  init(isLusid: Bool, _ random: inout SplitMix64) {
    switch Int.random(in: 0..<30, using: &random) {
    case 0: self = .poison
    case 1, 2: self = .refused
    case 3 where isLusid: self = .ignored
    default: self = .good
    }
  }

  var code: String? {
    switch self {
    case .good: nil
    case .poison: "bad-request"
    case .refused: "rejected-by-api"
    case .ignored: "unacknowledged"
    }
  }
}

/// Half the time it does its work; the other half something else, with or without having done it.
private final class ChaoticAPI: Sendable {
  private struct Item {
    var id: String
    var key: String
    var name: String
    var isGood: Bool { name.hasPrefix("good") }
  }

  private struct State {
    var random: SplitMix64
    var applied: Set<String> = []
    /// What each key's item is now.
    var last: [String: String] = [:]
    /// The latest item of each key that came in, as its file and number.
    var latest: [String: (Int, Int)] = [:]
    var faults: [String] = []
    /// How often items were not named in an answer.
    var forgotten: [String: Int] = [:]
  }

  private let isLusid: Bool
  private let state: Mutex<State>

  init(isLusid: Bool, seed: UInt64) {
    self.isLusid = isLusid
    state = Mutex(State(random: SplitMix64(seed: seed ^ 0x5EED)))
  }

  /// Names of the items that it took.
  var applied: Set<String> { state.withLock { $0.applied } }

  /// The name that each key's item has in the end.
  var last: [String: String] { state.withLock { $0.last } }

  /// What upsertd must not have done.
  var faults: [String] { state.withLock { $0.faults } }

  func answer(_ request: ReceivedRequest) -> Reply {
    let items = items(of: request)
    let draw = state.withLock { state in
      note(items, in: &state)
      return Int.random(in: 0..<40, using: &state.random)
    }
    let hasPoison = items.contains { $0.name.hasPrefix("poison") }
    let good = hasPoison ? .problem(400, detail: "poison") : goodAnswer(items)
    switch draw {
    case 0: return .close
    case 1: return .hang
    case 2: return .cut(status: 201, body: Array("{\"values\": {}, \"count\": 1}".utf8), after: 9)
    case 3: return .garbage(Array("what?".utf8))
    case 4: return .status(500)
    case 5: return .problem(503, headers: ["Retry-After": "0"])
    case 6: return .problem(429)
    case 7: return .status(408)
    case 8: return .answer(status: isLusid ? 201 : 200, body: Array("<html>".utf8))
    case 9: return isLusid ? .problem(400, code: 103) : .json("{\"count\": \(items.count + 1)}")
    case 10: return .status(403)
    case 11: return .status(401)
    case 12: return .status(302, headers: ["Location": "/"])
    // It did the work, and says nothing of it.
    case 13 where !hasPoison:
      apply(items)
      return .close
    case 14 where !hasPoison:
      apply(items)
      return .status(502)
    case 15 where items.count > 1: return .status(413)
    case 16 where isLusid && !hasPoison && items.count > 1 && !items.contains { $0.name.hasPrefix("ignored") }:
      // Half of them, as if it had forgotten the others; none is forgotten three times.
      let rest = items.dropFirst(items.count / 2)
      let mayForget = state.withLock { state in
        guard rest.allSatisfy({ state.forgotten[$0.name, default: 0] < 2 }) else { return false }
        for item in rest { state.forgotten[item.name, default: 0] += 1 }
        return true
      }
      return mayForget ? goodAnswer(Array(items.prefix(items.count / 2))) : good
    default:
      return good
    }
  }

  private func goodAnswer(_ items: [Item]) -> Reply {
    apply(items)
    let refused = items.filter { $0.name.hasPrefix("refused") }
    if isLusid {
      return .lusid(
        accepting: items.filter(\.isGood).map(\.id),
        failing: Dictionary(
          refused.map { ($0.id, "{\"detail\": \"no\", \"type\": \"t\"}") }, uniquingKeysWith: { a, _ in a }))
    }
    // An echo without the key fits all that have the same name only: itself.
    let echoes = refused.map {
      "{\"headers\": {\"receiptType\": \"Error\", \"receiptMessage\": \"no\"}, \"data\": {\"name\": \"\($0.name)\"}}"
    }
    return .json("{\"count\": \(items.count), \"rejectedItems\": [\(echoes.joined(separator: ","))]}")
  }

  private func apply(_ items: [Item]) {
    state.withLock { state in
      for item in items where item.isGood {
        state.applied.insert(item.name)
        state.last[item.key] = item.name
      }
    }
  }

  private func note(_ items: [Item], in state: inout State) {
    if isLusid, Set(items.map(\.key)).count < items.count { state.faults.append("a key twice in a batch") }
    for item in items {
      let place = item.name.split(separator: "-").dropFirst().compactMap { Int($0) }
      guard place.count == 2 else {
        state.faults.append("an item that nobody dropped: \(item.name)")
        continue
      }
      // A Liquid batch may hold a key twice, and comes as it is each time.
      if isLusid, let latest = state.latest[item.key], latest > (place[0], place[1]) {
        state.faults.append("\(item.name) came after item \(latest.1) of file \(latest.0), which has the same key")
      }
      state.latest[item.key] = (place[0], place[1])
    }
  }

  private func items(of request: ReceivedRequest) -> [Item] {
    let document = try? JSONValue.parse(request.body)
    if isLusid {
      return (document?.members ?? []).map { id, value in
        Item(
          id: id, key: value["identifiers"]?["InvestorRecord/Test/Id"]?["value"]?["labelValue"]?.string ?? "",
          name: value["displayName"]?.string ?? "")
      }
    }
    return (document?.elements ?? []).map {
      Item(id: "", key: $0["data"]?["accountId"]?.string ?? "", name: $0["data"]?["name"]?.string ?? "")
    }
  }
}
