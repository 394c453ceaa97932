import Core
import Formats
import JSONText
import Settings
import Testing

@testable import APIs

/// Which fields are proposed for a CSV's columns.
@Suite struct FieldProposalTests {
  private func column(
    _ name: String, _ content: ObservedColumn.Content = .text, unique: Bool = false, values: [String]? = nil
  ) -> ObservedColumn {
    ObservedColumn(name: name, content: content, isUnique: unique, values: values)
  }

  private func fields(_ proposal: FieldProposal) -> [[String]]? { proposal.fields?.map { $0.map(\.to) } }

  private func lusid(_ columns: ObservedColumn...) -> FieldProposal {
    LUSID().proposeFields(for: columns, APIOptions())
  }

  private func liquid(_ columns: ObservedColumn..., item: ItemDefaults? = nil) -> FieldProposal {
    var terms = APIOptions()
    terms.route[ItemDefaults.self] = item
    return Liquid().proposeFields(for: columns, terms)
  }

  @Test func `the key is a column with an identifier's name and different values`() {
    func key(_ columns: ObservedColumn...) -> Int? { FieldProposal.keyColumn(of: columns) }
    #expect(key(column("Name", unique: true), column("Client Ref", unique: true)) == 1)
    #expect(key(column("Client", .number(isWhole: true), unique: true), column("Name", unique: true)) == 0)
    #expect(key(column("Row", unique: true), column("Country")) == 0)
    #expect(key(column("Country code"), column("Purpose", unique: true)) == nil)
    #expect(key(column("Amount", .number(isWhole: false), unique: true)) == nil)
    #expect(key(column("Day", .date(pattern: "dd/MM/yyyy"), unique: true)) == nil)
    #expect(key() == nil)
  }

  @Test func `LUSID: identifier, name, description, scope, the rest properties`() {
    let proposal = lusid(
      column("Ref", unique: true), column("Name"), column("Description"), column("Balance", .number(isWhole: false)),
      column("Since", .date(pattern: "dd/MM/yyyy")), column("Days", .list), column("Active", .boolean(values: nil)))
    let scope = "properties.InvestorRecord/SCOPE"
    #expect(
      proposal.fields == [
        [.init(to: "identifiers.InvestorRecord/SCOPE/Ref")], [.init(to: "displayName")], [.init(to: "description")],
        [.init(to: "\(scope)/Balance", type: .number)], [.init(to: "\(scope)/Since", date: "dd/MM/yyyy")],
        [.init(to: "\(scope)/Days", type: .list)], [.init(to: "\(scope)/Active")],
      ])
    #expect(proposal.constants == [.init(to: "scope", json: "\"SCOPE\"")])
    #expect(lusid(column("Ref", unique: true), column("Scope")).constants == [])
  }

  @Test func `LUSID: the older schema has no scope`() {
    var terms = APIOptions()
    terms.target[LusidSchema.self] = .seed
    #expect(LUSID().proposeFields(for: [column("Ref", unique: true), column("Name")], terms).constants == [])
  }

  @Test func `LUSID: a name in two parts is put together, and a missing one is said`() {
    let two = lusid(column("Id", unique: true), column("First Name"), column("Last Name"))
    #expect(
      two.computed == [
        .init(to: "displayName", parts: [.column("First Name"), .text(" "), .column("Last Name")])
      ])
    let none = lusid(column("Id", unique: true), column("Country"))
    #expect(fields(none)?[0] == ["identifiers.InvestorRecord/SCOPE/Id", "displayName"])
    #expect(none.unsure.contains { $0.contains("\"Id\" fills it, too") })
    #expect(lusid(column("Country")).unsure.contains { $0.contains("which column identifies") })
  }

  @Test func `LUSID: a type with known values is the investor's`() {
    let known = lusid(column("Id", unique: true), column("Name"), column("Type", values: ["P", "C"]))
    #expect(
      known.fields?[2] == [.init(to: "investor.investorType", values: ["P": "Person", "C": "LegalEntity"])])
    #expect(known.unsure.contains { $0.contains("further values") })
    let plain = lusid(column("Id", unique: true), column("Name"), column("Type", values: ["Person", "LegalEntity"]))
    #expect(plain.fields?[2] == [.init(to: "investor.investorType")])
    let other = lusid(column("Id", unique: true), column("Name"), column("Type", values: ["P", "Q"]))
    #expect(fields(other)?[2] == ["properties.InvestorRecord/SCOPE/Type"])
  }

  @Test func `a key or a name that some rows lack is said to be`() {
    var ref = column("Ref", unique: true)
    ref.isComplete = false
    #expect(lusid(ref, column("Name")).unsure.contains { $0.contains("what \"Ref\" is where it is empty") })
    #expect(liquid(ref).unsure.contains { $0.contains("what \"Ref\" is where it is empty") })
    let shared = lusid(column("Ref"), column("Name"))
    #expect(shared.unsure.contains { $0.contains("some of its values come more than once") })
    var name = column("Name")
    name.isComplete = false
    #expect(lusid(column("Ref", unique: true), name).unsure.contains { $0.contains("what displayName is where") })
  }

  @Test func `LUSID takes what is proposed`() throws {
    let names = ["Ref", "Name", "名前", "名", "a/b", "Balance", "Ref!"]
    let proposal = LUSID().proposeFields(for: names.map { column($0, unique: $0 == "Ref") }, APIOptions())
    let api = LUSID().makeAPI(APIOptions())
    let all = try #require(proposal.fields).joined().map(\.to)
    #expect(Set(all).count == all.count)
    for text in all {
      let path = try CellPath(parsing: text)
      _ = try api.place(steps: path.steps, type: path.type, text: text)
    }
    #expect(all.contains("properties.InvestorRecord/SCOPE/CODE"))
  }

  @Test func `Liquid: the key, and names as in JSON`() {
    let proposal = liquid(
      column("Account ID", unique: true), column("Account Name"), column("Saldo", .number(isWhole: false)),
      column("Active", .boolean(values: ["Y": "true", "N": "false"])), column("name"))
    #expect(
      proposal.fields == [
        [.init(to: "accountId")], [.init(to: "name")], [.init(to: "balance", type: .number)],
        [.init(to: "active", type: .boolean, values: ["Y": "true", "N": "false"])], [.init(to: "name2")],
      ])
    #expect(proposal.own[ItemDefaults.self]?.key == ["accountId"])
    #expect(proposal.routeKeys.map(\.name) == ["item"])
  }

  @Test func `Liquid: the route's item says what the key is`() {
    let item = ItemDefaults(category: "entity", type: "Order", action: "Merge", key: ["orderId", "line"])
    let proposal = liquid(column("Order Id"), column("Line"), column("Order Date"), item: item)
    #expect(fields(proposal) == [["orderId"], ["line"], ["date"]])
    #expect(proposal.own[ItemDefaults.self] == item)
    let lacking = liquid(column("Order Id"), column("Note"), item: item)
    #expect(lacking.unsure.contains { $0.contains("which column fills \"line\"") })
    #expect(lacking.own[ItemDefaults.self] == item)
  }

  @Test func `Liquid: without a key nothing is proposed for it, since a file without it would be rejected`() {
    let proposal = liquid(column("Purpose"), column("Amount", .number(isWhole: false)))
    #expect(proposal.own[ItemDefaults.self]?.key == [])
    #expect(proposal.unsure.contains { $0.contains("without item.key the whole inbox is sent in order") })
  }

  @Test func `a header of paths needs no mapping`() {
    #expect(lusid(column("identifiers.InvestorRecord/Crm/Id"), column("displayName")).fields == nil)
    #expect(lusid(column("displayName")).fields != nil)
    #expect(liquid(column("accountId"), column("exposure:number", .number(isWhole: false))).fields == nil)
    #expect(liquid(column("accountId"), column("name")).fields == nil)
    #expect(liquid(column("orderId"), column("name")).own[ItemDefaults.self]?.type == "Order")
    // A path, of whichever API, is not a type of item.
    #expect(liquid(column("identifiers.A/B/ClientId"), column("x")).own[ItemDefaults.self]?.type == "Account")
    #expect(liquid(column("headers.action"), column("feeId")).own[ItemDefaults.self]?.action == nil)
    // Numbers would be sent as text.
    #expect(liquid(column("accountId"), column("exposure", .number(isWhole: false))).fields != nil)
    #expect(liquid(column("id"), column("name")).fields != nil)
    #expect(liquid(column("Account.Id"), column("name")).fields != nil)
  }

  @Test func `items in JSON that are just data get an item`() {
    #expect(Liquid().proposeKeys(for: ["feeId", "rate"], APIOptions()).own[ItemDefaults.self]?.key == ["feeId"])
    #expect(Liquid().proposeKeys(for: ["rate"], APIOptions()).own[ItemDefaults.self]?.key == [])
    #expect(LUSID().proposeKeys(for: ["rate"], APIOptions()).routeKeys.isEmpty)
  }
}
