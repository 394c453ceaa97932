import APIs
import Core
import Formats
import Testing

@testable import Inspection

@Suite struct JSONTests {
  @Test func `items of either API are known, and checked by its rules`() throws {
    let lusid = try inspection(of: "requests.json", for: nil)
    #expect(lusid.json?.shape == .requestIDs)
    #expect(lusid.routeText == ["target: lusid"])
    #expect(lusid.json?.faults == [])
    #expect(lusid.unsure == [])
    let liquid = try inspection(of: "items.json", for: nil)
    #expect(liquid.json?.api == .liquid)
    #expect(liquid.json?.faults == ["item 2, line 2: missing-field: headers.action is required"])
  }

  @Test func `the content decides the format, whatever the extension`() throws {
    #expect(try inspection(of: "items.json").format == .ndjson)
    #expect(try inspection(of: "fees.json").format == nil)
    #expect(inspection(named: "a.csv", "[{\"a\":1}]").format == .json)
    #expect(inspection(named: "a.jsonl", "{\"a\":1}\n{\"a\":2}\n").format == nil)
    #expect(inspection(named: "a.txt", "{\"a\":1}\n").format == .json)
  }

  @Test func `items that are just data get the route's item`() throws {
    let inspection = try inspection(of: "fees.json", for: nil)
    #expect(inspection.json?.items == 2)
    #expect(inspection.json?.members.map(\.name) == ["feeId", "rate", "tags"])
    #expect(
      inspection.routeText == [
        "target: liquid", "item: {category: entity, type: Fee, action: Merge, key: [feeId]}",
      ])
    #expect(inspection.json?.faults == [])
    #expect(inspection.isUnsure("which API"))
  }

  @Test func `another API than the one asked for is said`() throws {
    #expect(
      try inspection(of: "requests.json", for: .liquid).isUnsure("liquid is asked for, but the file looks like LUSID"))
  }

  @Test func `an array inside of an object is one item`() throws {
    let inspection = try inspection(of: "wrapped.json")
    #expect(inspection.json?.shape == .single)
    #expect(inspection.isUnsure("whether the items are in \"records\""))
  }

  @Test func `a syntax error is shown with its place`() {
    let inspection = inspection(named: "a.json", "[{\"a\":1},\n{\"a\":x}]")
    #expect(inspection.json?.faults.first?.hasPrefix("line 2, column 6: malformed-json: ") == true)
  }

  @Test func `the start of a large file is enough`() {
    let item = "{\"headers\":{\"category\":\"entity\",\"type\":\"A\",\"action\":\"Merge\"},\"data\":{\"aId\":\"1\"}}"
    let items = Array(repeating: item, count: 20_000)
    for (name, text) in [
      ("a.json", "[\(items.joined(separator: ",\n"))]"), ("a.ndjson", items.joined(separator: "\n") + "\n"),
    ] {
      let inspection = inspection(named: name, text, for: nil)
      #expect(inspection.sample.isWhole == false)
      #expect(inspection.json?.api == .liquid)
      #expect(inspection.json?.faults == [])
      #expect(inspection.json.map { $0.items > 1000 } == true)
      #expect(inspection.json?.shape == (name == "a.json" ? .array : .lines))
    }
  }

  @Test func `JSON in UTF-16 can't be read`() {
    let wide: [UInt8] = "[{\"a\":1}]".utf8.flatMap { [$0, 0] }
    let bytes = [0xFF, 0xFE] + wide
    let inspection = Inspection(FileSample(name: "a.json", content: bytes))
    guard case .other(let reason) = inspection.content else {
      Issue.record("it is \(inspection.content)")
      return
    }
    #expect(reason.contains("JSON must be UTF-8"))
  }
}
