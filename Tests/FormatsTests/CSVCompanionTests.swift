import Core
import Formats
import Testing

/// Members that are beside others: LUSID's `key` of a property.
@Suite struct CSVCompanionTests {
  /// `p.K` is `{"key": "K", "value": {"labelValue": …}}`, `p.K.x` another member of it.
  private static let terms: CSVReadingTerms = {
    var terms = CSVReadingTerms()
    terms.place = { path throws(FileFault) in
      guard path.steps.count > 1, path.steps[0] == .member("p"), case .member(let key) = path.steps[1] else {
        return .field(PlacedField(path: path.steps, type: path.type))
      }
      let object = Array(path.steps[..<2])
      let rest = path.steps.count > 2 ? Array(path.steps[2...]) : [.member("value"), .member("labelValue")]
      let companions = [
        PlacedField.Companion(object: object, name: "key", json: "\"\(key)\""),
        PlacedField.Companion(object: object, name: "n", json: "1"),
      ]
      return .field(PlacedField(path: object + rest, type: path.type, companions: companions))
    }
    return terms
  }()

  @Test(arguments: [
    ("p.K\nv\n", #"{"p":{"K":{"key":"K","n":1,"value":{"labelValue":"v"}}}}"#),
    ("p.K,p.K.from\nv,w\n", #"{"p":{"K":{"key":"K","n":1,"value":{"labelValue":"v"},"from":"w"}}}"#),
    ("p.K,p.K.from\n,w\n", #"{"p":{"K":{"key":"K","n":1,"from":"w"}}}"#),
    ("p.K,p.K.from\n,\"\"\n", "{}"),
    ("p.K,p.L,q\n,,1\n", #"{"q":"1"}"#),
    ("p.K,p.L,q\n,v,1\n", #"{"p":{"L":{"key":"L","n":1,"value":{"labelValue":"v"}}},"q":"1"}"#),
    ("q,p.K\n,\"\"\n", "{}"),
  ])
  func `companions come first, and only where something else does`(_ text: String, _ json: String) {
    #expect(Self.terms.read(text).texts == [json])
  }

  @Test func `no column fills what a companion does`() {
    let fault = Self.terms.read("p.K,p.K.key\n").fault
    #expect(fault?.code == .malformedCSV)
    #expect(fault?.message == "column \"p.K.key\" fills p.K.key, which upsertd fills itself")
    #expect(Self.terms.read("p.K.key.x,p.K\n").fault?.message.contains("column \"p.K.key.x\" fills p.K.key") == true)
  }
}
