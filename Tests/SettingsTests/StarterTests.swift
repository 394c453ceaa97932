import Testing

@testable import Settings

/// What a package puts into /etc/upsertd, and how the unit detects that nobody has begun with it.
struct StarterTests {
  static func isBlank(_ yaml: String) throws -> Bool {
    try withConfiguration(yaml) { Settings.isBlank(path: $0.path + "/upsertd.yaml") }
  }

  /// The starter with one of its blocks in use.
  static func starter(using block: String) throws -> String {
    var isInside = false
    return try ExampleTests.folder.read("starter.yaml").split(separator: "\n", omittingEmptySubsequences: false).map {
      if $0.hasPrefix("# ---- ") { isInside = $0.hasPrefix("# ---- \(block)") }
      return isInside && $0.hasPrefix("#") && !$0.hasPrefix("# ----") ? String($0.dropFirst()) : String($0)
    }.joined(separator: "\n")
  }

  @Test func `the starter has nothing in use`() throws {
    let starter = try ExampleTests.folder.read("starter.yaml")
    #expect(starter.split(separator: "\n").allSatisfy { $0.hasPrefix("#") })
    let isBlank = try Self.isBlank(starter)
    #expect(isBlank)
  }

  @Test(arguments: [("LUSID", "investors"), ("Liquid", "accounts")])
  func `each of the starter's blocks is a whole configuration once its # are gone`(_ block: String, _ inbox: String)
    throws
  {
    let yaml = try Self.starter(using: block)
    let isBlank = try Self.isBlank(yaml)
    #expect(!isBlank)
    let settings = try loaded(yaml, files: try ExampleTests.companions())
    #expect(settings.inboxes.map(\.name) == [inbox])
  }

  @Test(arguments: ["", "# only\n", "log: {level: debug}\n"])
  func `a configuration without targets and inboxes is not begun`(_ yaml: String) throws {
    let isBlank = try Self.isBlank(yaml)
    #expect(isBlank)
  }

  @Test(arguments: ["targets:\n", "inboxes: []\n", "targets: {a: [", "- a\n", "\u{1}", "just words\n"])
  func `a configuration with anything else wrong is begun: its faults are to be told`(_ yaml: String) throws {
    let isBlank = try Self.isBlank(yaml)
    #expect(!isBlank)
  }

  @Test func `a configuration that is not there is no blank one`() {
    #expect(!Settings.isBlank(path: "/nowhere/upsertd.yaml"))
  }
}
