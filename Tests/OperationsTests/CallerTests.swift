import Core
import Testing

@testable import Operations

extension FileID {
  fileprivate static let numbered = FileID(at: Timestamp(milliseconds: 1_795_000_000_000), entropy: 7)
}

@Suite struct `Who may release a file` {
  private static func refusal(
    _ name: String, login: String? = nil, isRoot: Bool = false, owners: [String]
  ) -> String? {
    Caller(name: name, login: login, isRoot: isRoot).refusal(toReleaseFileOf: owners)
  }

  @Test func `somebody else may, and its owner may not`() {
    #expect(Self.refusal("upsertd", owners: ["alice"]) == nil)
    #expect(Self.refusal("upsertd", owners: ["upsertd"])?.hasPrefix("upsertd owns it") == true)
    #expect(Self.refusal("root", login: "bob", isRoot: true, owners: ["alice"]) == nil)
  }

  @Test func `whoever became another user is still who logged in`() {
    #expect(Self.refusal("root", login: "alice", isRoot: true, owners: ["alice"])?.hasPrefix("alice owns") == true)
    #expect(Self.refusal("upsertd", login: "alice", owners: ["alice"]) != nil)
    #expect(Self.refusal("root", login: "alice", isRoot: true, owners: ["root"]) != nil, "it was dropped as root")
  }

  @Test func `root without a login may not, and nobody where the owner is unknown`() {
    #expect(Self.refusal("root", isRoot: true, owners: ["alice"])?.contains("not known who logged in") == true)
    #expect(Self.refusal("upsertd", owners: []) != nil)
  }

  @Test func `of a correction or a replay all owners are refused`() {
    for name in ["alice", "bob"] { #expect(Self.refusal(name, owners: ["bob", "alice"]) != nil) }
    #expect(Self.refusal("carol", owners: ["bob", "alice"]) == nil)
  }

  @Test func `orders pass the socket as they are`() {
    for order in [Order.release(.numbered), .replay(.numbered, rejects: true), .replay(.numbered, rejects: false)] {
      #expect(Order(line: Array(order.line.dropLast())) == order)
    }
    #expect(Order(line: Array("{\"order\":\"release\"}".utf8)) == nil)
    #expect(Order(line: Array("{\"order\":\"replay\",\"file\":\"x\"}".utf8)) == nil)
  }
}
