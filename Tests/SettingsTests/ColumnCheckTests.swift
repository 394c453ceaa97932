import APIs
import Core
import Testing

@testable import Settings

/// The columns of a route, checked by the APIs that it leads to.
struct ColumnCheckTests {
  private static func faultsOf(_ route: String, _ mapping: String, target: String = "") throws -> [String] {
    try faults(
      inbox(route + "\nmapping: m.yaml").replacing("api: lusid,", with: "api: lusid,\(target)"),
      files: ["m.yaml": mapping])
  }

  private static let fields =
    "fields are requestId, scope, displayName, description, identifiers.KEY, properties.KEY, investor.investorType "
    + "and investor.identifiers.KEY; a mapping can rename or ignore a column"

  @Test(arguments: [
    ("dispalyName", "did you mean \"displayName\"? The "), ("propertis.A/b/c", "did you mean \"properties\"? The "),
    ("exposure", "the "),
  ])
  func `a mapping's path that LUSID does not have is told with its line, and what was meant`(
    _ path: String, _ meant: String
  ) throws {
    let found = try Self.faultsOf("target: lusid", "columns:\n  Id: identifiers.A/b/c\n  X: {to: \(path)}\n")
    #expect(
      found == [
        "m.yaml:3: columns.X.to: \"\(path)\" is not a field of a LUSID investor record: \(meant)\(Self.fields)"
      ])
  }

  @Test func `constants and computed fields are placed, too`() throws {
    let found = try Self.faultsOf(
      "target: lusid",
      "columns: {Id: identifiers.A/b/c}\ncomputed:\n  x: {concat: [\"{Id}\"]}\nconstants:\n  y: 1\n"
        + "  properties.A/b/c: true\n  requestId: same")
    #expect(
      found == [
        "m.yaml:3: computed.x: \"x\" is not a field of a LUSID investor record: the \(Self.fields)",
        "m.yaml:5: constants.y: \"y\" is not a field of a LUSID investor record: the \(Self.fields)",
        "m.yaml:6: constants.\"properties.A/b/c\": \"properties.A/b/c\": a LUSID property is a string, a :number or a "
          + ":list",
        "m.yaml:7: constants.requestId: constant \"requestId\" can't be the request id, which must differ from item to "
          + "item",
      ])
  }

  @Test func `validate: false leaves unknown fields to the API`() throws {
    let found = try Self.faultsOf("target: lusid\nvalidate: false", "columns: {X: exposure, Y: other.field}")
    #expect(found == [])
  }

  @Test func `a path is placed by the target's own schema`() throws {
    let mapping = "columns: {Id: identifiers.A/b/c, X: investor.identifiers.A/b/c.effectiveFrom}"
    #expect(try Self.faultsOf("target: lusid", mapping, target: " schema: seed,") == [])
    let found = try Self.faultsOf("target: lusid", mapping)
    #expect(found.count == 1 && found[0].hasPrefix("m.yaml:1: columns.X: "), "\(found)")
  }

  @Test func `the schema counts also without secrets, and where the target has another fault`() throws {
    let mapping = "columns: {Id: identifiers.A/b/c, X: investor.identifiers.A/b/c.effectiveFrom}"
    let found = try Self.faultsOf("target: lusid", mapping, target: " schema: seed, concurrency: 0,")
    #expect(found == ["upsertd.yaml:2: targets.lusid.concurrency: must be at least 1, but is 0"])
    let yaml = inbox("target: lusid\nmapping: m.yaml").replacing("api: lusid,", with: "api: lusid, schema: seed,")
    let settings = try withConfiguration(yaml, files: ["m.yaml": mapping]) { folder in
      try Settings.load(path: folder.path + "/upsertd.yaml", environment: [:], withSecrets: false)
    }
    #expect(settings.targets[0].schema == .seed)
  }

  @Test func `of Liquid's fields only the headers are known`() throws {
    let found = try Self.faultsOf(
      "target: liquid", "columns:\n  A: anything.at[0].all\n  B: headers.tpye\n  C: headers.x\n")
    #expect(
      found == [
        "m.yaml:3: columns.B: \"headers.tpye\" is not a header of a Liquid item: did you mean \"headers.type\"?",
        "m.yaml:4: columns.C: \"headers.x\" is not a header of a Liquid item: the headers are headers.category, "
          + "headers.type, headers.action",
      ])
  }

  @Test func `fields that can't stand in one item are told`() throws {
    let found = try Self.faultsOf("target: liquid", "columns:\n  A: a\n  B: a.b\n  C: c[0]\n  D: c.d\n")
    #expect(
      found == [
        "m.yaml:3: columns.B: column \"A\" and column \"B\" can't both be used: they make data.a a value and an object",
        "m.yaml:5: columns.D: column \"C\" and column \"D\" can't both be used: they make data.c an array and an object",
      ])
    let same = try Self.faultsOf(
      "target: lusid",
      "columns:\n  Id: identifiers.A/b/c\n  A: investor.identifiers.A/b/c\n  B: investor.investorIdentifiers.A/b/c\n")
    #expect(same == ["m.yaml:4: columns.B: column \"A\" and column \"B\" both fill investor.identifiers.A/b/c"])
  }

  @Test func `a mapping without what an item needs is told where it is named`() throws {
    let lusid = try Self.faultsOf("target: lusid", "columns: {Name: displayName}")
    #expect(
      lusid == [
        "upsertd.yaml:7: inboxes[0].mapping (inbox \"a\"): no column fills identifiers, of which a LUSID investor "
          + "record needs at least one (identifiers.KEY)"
      ])
    let liquid = try Self.faultsOf("target: liquid\nitem: {key: [accountId, region]}", "columns: {Region: region}")
    #expect(
      liquid == [
        "upsertd.yaml:8: inboxes[0].mapping (inbox \"a\"): no column fills \"accountId\", a field of item.key"
      ])
    #expect(
      try Self.faultsOf("target: liquid\nitem: {key: [accountId, region]}\nvalidate: false", "columns: {R: region}")
        == [])
  }

  // MARK: target: auto

  @Test func `with target: auto a mapping's paths decide the API`() throws {
    #expect(
      try Self.faultsOf("target: auto", "columns: {Id: identifiers.A/b/c, N: displayName}\nconstants: {scope: s}") == []
    )
    #expect(
      try Self.faultsOf("target: auto", "columns: {Id: accountId}\nconstants: {headers.type: Account}") == [])
    let found = try Self.faultsOf("target: auto", "columns: {Id: identifiers.A/b/c}\nconstants: {exposure: 1}")
    #expect(found.count == 1 && found[0].hasPrefix("m.yaml:2: constants.exposure: "), "\(found)")
  }

  @Test(arguments: [
    ("columns: {Id: accountId}", "none is there"),
    ("columns: {Id: identifiers.A/b/c, T: headers.type}", "these are of several APIs"),
  ])
  func `with target: auto a mapping must decide it`(_ mapping: String, _ reason: String) throws {
    let found = try Self.faultsOf("target: auto", mapping)
    #expect(
      found == [
        "upsertd.yaml:7: inboxes[0].mapping (inbox \"a\"): can't be used with target: auto, which needs a field that "
          + "begins with identifiers. (LUSID) or headers. (Liquid), but \(reason): name the target"
      ])
  }

  @Test func `a mapping of two routes is placed by the APIs of both`() throws {
    let found = try faults(
      inbox(
        "routes:\n  - {match: a, target: liquid, mapping: m.yaml}\n  - {match: b, target: lusid, mapping: m.yaml}"),
      files: ["m.yaml": "columns:\n  Id: identifiers.A/b/c\n  T: headers.typ\n"])
    #expect(
      found == [
        "m.yaml:3: columns.T: \"headers.typ\" is not a header of a Liquid item: did you mean \"headers.type\"?",
        "m.yaml:3: columns.T: \"headers.typ\" is not a field of a LUSID investor record: the \(Self.fields)",
      ])
  }

  // MARK: header

  @Test func `names for files without a header row are paths, unless there is a mapping`() throws {
    #expect(try faults(inbox("target: lusid\nheader: [\"identifiers.A/b/c\", displayName, scope]")) == [])
    let found = try faults(inbox("target: lusid\nheader:\n  - identifiers.A/b/c\n  - Name\n  - \"x:y\""))
    #expect(
      found == [
        "upsertd.yaml:9: inboxes[0].header[1] (inbox \"a\"): \"Name\" is not a field of a LUSID investor record: did you "
          + "mean \"displayName\"? The \(Self.fields)",
        "upsertd.yaml:10: inboxes[0].header[2] (inbox \"a\"): \"x:y\" is not a field's path: unknown type \"y\" after "
          + "the colon; the types are string, number, boolean, list, json",
      ])
    let lacking = try faults(inbox("target: liquid\nitem: {key: accountId}\nheader: [name]"))
    #expect(
      lacking == [
        "upsertd.yaml:8: inboxes[0].header (inbox \"a\"): no column fills \"accountId\", a field of item.key"
      ])
  }

  @Test func `header and mapping must name the same columns`() throws {
    let mapping =
      "columns: {A b: a, C: {to: c, optional: true}, D: d}\ncomputed: {e: {concat: [\"{E}\"]}}\nignore: [F]"
    #expect(try Self.faultsOf("target: liquid\nheader: [\"A  b\", D, E, F]", mapping) == [])
    let found = try Self.faultsOf("target: liquid\nheader: [A b, G]", mapping)
    #expect(
      found == [
        "upsertd.yaml:7: inboxes[0].header[1] (inbox \"a\"): names column \"G\", which is neither mapped nor ignored in "
          + "\"m.yaml\"",
        "upsertd.yaml:7: inboxes[0].header (inbox \"a\"): lacks columns \"D\", \"E\" of \"m.yaml\": add what lacks, or "
          + "mark it optional there",
      ])
  }

  @Test func `a trailer's sums name columns that files can have`() throws {
    let trailer = "target: liquid\ntrailer: {match: T, sums: {Amuont: 2}}"
    #expect(try faults(inbox(trailer)) == [])
    let header = try faults(inbox(trailer + "\nheader: [Amount]"))
    #expect(
      header == [
        "upsertd.yaml:7: inboxes[0].trailer.sums (inbox \"a\"): names column \"Amuont\", of which header knows nothing"
      ])
    let mapping = try Self.faultsOf(trailer, "columns: {Amount: a}")
    #expect(
      mapping == [
        "upsertd.yaml:7: inboxes[0].trailer.sums (inbox \"a\"): names column \"Amuont\", of which \"m.yaml\" knows "
          + "nothing"
      ])
    #expect(try Self.faultsOf(trailer, "columns: {A: a}\nignore: [Amuont]") == [])
  }
}
