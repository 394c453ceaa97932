import APIs
import Core
import Formats
import Testing
@testable import Dispatching

@Suite struct OutgoingRequestTests {
  private static let liquid = LiquidItems(defaults: nil, validate: false)

  /// A queued batch of these pieces.
  private func batch(_ pieces: String..., brackets: (String, String) = ("[", "]")) -> Batch {
    Batch(
      items: pieces.enumerated().map {
        BatchItem(number: $0 + 1, line: 1, source: 0..<1, pieceLength: $1.utf8.count, key: nil)
      },
      body: Array((brackets.0 + pieces.joined(separator: ",") + brackets.1).utf8))
  }

  @Test func `a single batch travels as it is queued`() {
    let request = OutgoingRequest([batch("1", "22")], api: Self.liquid)
    #expect(String(decoding: request.body, as: UTF8.self) == "[1,22]")
    #expect(request.pieces == [1..<2, 3..<5])
  }

  @Test(arguments: [1, 2])
  func `a body has the beginning, the separators and the end that its API wants`(_ batches: Int) {
    let api = Framed(framing: BodyFraming(open: "{\"records\":[", separator: ",\n", close: "]}"))
    let contents = batches == 1 ? [batch("1", "22", "3")] : [batch("1"), batch("22", "3")]
    let request = OutgoingRequest(contents, api: api)
    #expect(String(decoding: request.body, as: UTF8.self) == "{\"records\":[1,\n22,\n3]}")
    #expect(request.pieces.map { String(decoding: request.body[$0], as: UTF8.self) } == ["1", "22", "3"])
    #expect(request.body.count == "[1,22,3]".utf8.count + api.framing.bytesBeyondQueued(items: 3))
  }
}

/// Liquid's items in bodies of another form.
private struct Framed: TargetAPI {
  let framing: BodyFraming
  private let liquid = LiquidItems(defaults: nil, validate: false)

  init(framing: BodyFraming) { self.framing = framing }

  var kind: APIKind { "framed" }
  var itemMembers: [String] { liquid.itemMembers }
  var keyRule: String { "" }

  func place(steps: [PathStep], type: CellType, text: String) throws(FileFault) -> ColumnPlacement {
    try liquid.place(steps: steps, type: type, text: text)
  }
  func prepare(
    _ item: Span<UInt8>, number: Int, requestID: [UInt8]?, into piece: inout [UInt8]
  ) throws(ItemFault) -> PreparedKey {
    try liquid.prepare(item, number: number, requestID: requestID, into: &piece)
  }
  func key(ofPiece piece: Span<UInt8>) -> PreparedKey { liquid.key(ofPiece: piece) }
  func describe(_ item: Span<UInt8>) -> String? { nil }
  func values(ofKey key: String) -> [String] { [] }
  func endpoint(base: String, successMode: SuccessMode) -> String { base }
  func judge(
    status: Int, body: [UInt8], isCut: Bool, pieces: [ArraySlice<UInt8>], successMode: SuccessMode
  ) -> BatchVerdict { .hold("") }
}
