import APIs
import Testing

@testable import Settings

struct YAMLDocumentTests {
  @Test func `every repeated key is told, each at its last place`() throws {
    let found = try faults(
      minimal(
        """
        watch:
          "settle": 1s
          'settle': 2s
          settle: 3s
          poll_interval: 1s
        queue: {max_bytes: 1, min_free_disk: 1, max_bytes: 2}
        log: {level: info}
        log: {level: debug}
        """))
    #expect(
      found == [
        "upsertd.yaml:4: watch.settle: is given more than once, first on line 2: keep one of them",
        "upsertd.yaml:6: queue.max_bytes: is given more than once, first on line 6: keep one of them",
        "upsertd.yaml:8: log: is given more than once, first on line 7: keep one of them",
      ])
  }

  @Test(arguments: ["\n", "\r\n", "\r"])
  func `a repeated key is found behind any line break and any letter`(_ lineBreak: String) throws {
    let lines = ["\u{FEFF}x: {\"äöü😀\": 1, ß: 1, ß: 2, a: 3}", "b: 1", "c: {d: 1, d: 2}"]
    let document = try YAMLDocument(lines.joined(separator: lineBreak))
    #expect(document.repeated.values.sorted() == ["d", "ß"])
    #expect(Set(document.repeated.keys.map(\.line)) == [1, 3])
  }

  @Test(arguments: ["&x a: 1\na: 2", "? a\n: 1\na: 2", "\"\\x61\": 1\na: 2", "\"\": 1\n\"\": 2", "[a]: 1\n[a]: 2"])
  func `a repeated key that is written in an odd way is one fault at least`(_ yaml: String) throws {
    let found = try faults(yaml)
    #expect(found.contains { $0.contains("given twice") || $0.contains("given more than once") })
  }

  @Test func `what is not UTF-8 is told with its line`() throws {
    let found = try withConfiguration("a: b\nc: \u{00}d\n") { folder in
      let path = folder.path + "/upsertd.yaml"
      var bytes = try ConfigFile(path: path).bytes
      bytes[bytes.count - 3] = 0xFF
      try folder.write(bytes, to: "upsertd.yaml")
      do throws(SettingsFaults) {
        _ = try Settings.load(path: path, environment: [:])
        return ""
      } catch {
        return error.faults[0].description.split(separator: folder.path + "/").joined()
      }
    }
    #expect(found == "upsertd.yaml:2: is not UTF-8: save it as UTF-8")
  }

  @Test func `a control character is told with its line`() throws {
    let found = try faults("a: b\nc: \u{1}\n")
    #expect(found == ["upsertd.yaml:2: is not valid YAML: control characters are not allowed"])
  }

  @Test func `what nests without end is refused, not followed`() throws {
    let found = try faults("a: " + String(repeating: "[", count: 5000))
    #expect(found.count == 1)
  }
}
