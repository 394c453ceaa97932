import Foundation
import TestKit
import Testing

/// How files are named to commands, and what a shell offers for them.
@Suite struct `Naming files` {
  @Test func `orders take a name or the beginning of an id, and never pick one of several`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      try world.drop("done.json", in: "investors", record("1"))
      try await world.workOff()
      #expect(try await world.run(["pause", "lusid"]).status == 0)
      for content in ["2", "3"] {
        try world.drop("a.json", in: "investors", record(content))
        try await world.workOff(expecting: 75)
      }
      try world.drop("b.json", in: "investors", record("4"))
      try await world.workOff(expecting: 75)
      let ids = world.names("investors", "work").map { String($0.prefix(26)) }
      try #require(ids.count == 3)

      let several = try await world.run(["cancel", "a.json"])
      #expect(several.status == 2 && several.printed == "")
      #expect(lines(several.log)[0] == "upsertd: \"a.json\" may mean several files; say which by its id:")
      #expect(
        Array(lines(several.log)[1...])
          == [ids[1], ids[0]].map { "  \($0)  investors/a.json  under way" }, "\(several.log)")
      let begun = try await world.run(["retry", String(ids[0].prefix(4))])
      #expect(begun.status == 2 && lines(begun.log).count == 4, "\(begun.log)")

      let cancelled = try await world.run(["cancel", "b.json"])
      #expect(cancelled.status == 0 && cancelled.printed.contains(ids[2]), "\(cancelled)")
      // As many characters as say which one.
      let length = (4...26).first { length in ids.filter { $0.hasPrefix(ids[0].prefix(length)) }.count == 1 } ?? 26
      let first = try await world.run(["cancel", String(ids[0].prefix(length)).lowercased()])
      #expect(first.status == 0 && first.printed.contains(ids[0]), "\(first)")
      // Now only one is left that it could be meant for.
      let second = try await world.run(["cancel", "a.json"])
      #expect(second.status == 0 && second.printed.contains(ids[1]), "\(second)")

      let again = try await world.run(["replay", "done.json"])
      #expect(again.status == 0 && again.printed.contains("done.json is dropped again"), "\(again)")
      let unknown = try await world.run(["replay", "never.json"])
      #expect(unknown.status == 2 && unknown.log.contains("no file is named \"never.json\""), "\(unknown.log)")
    }
    await api.stop()
  }

  @Test func `a shell offers inboxes, targets and files`() async throws {
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url) + .liquid(api.url)) { world in
      try world.drop("done.json", in: "investors", record("1"))
      try await world.workOff()
      #expect(try await world.run(["pause", "lusid"]).status == 0)
      try world.drop("open.json", in: "investors", record("2"))
      try await world.workOff(expecting: 75)
      let id = try #require(world.names("investors", "work").first.map { String($0.prefix(26)) })
      let script = world.folder + "/completion"
      #expect(try await world.tool("\(Product.path) --generate-completion-script bash > \(script)").status == 0)
      func offered(_ words: String) async throws -> [String] {
        let program = """
          . \(script); COMP_WORDS=(\(Product.path) \(words) ""); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); \
          COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}; \
          _upsertd "${COMP_WORDS[0]}" "" "${COMP_WORDS[COMP_CWORD - 1]}"; printf "%s\\n" "${COMPREPLY[@]}"
          """
        let (status, said) = try await world.tool("bash -c '\(program)'")
        #expect(status == 0, "\(said)")
        // After a positional argument there may be options as well.
        return lines(said).filter { !$0.hasPrefix("-") && !$0.isEmpty }
      }
      let config = "--config \(world.configuration)"
      #expect(try await offered("preview x \(config) --inbox") == ["investors", "accounts"])
      #expect(try await offered("retry \(config) --target") == ["lusid", "liquid"])
      #expect(try await offered("pause \(config)") == ["investors", "accounts", "lusid", "liquid"])
      #expect(try await offered("cancel \(config)") == ["open.json", id])
      let done = try world.receipt("investors").id
      #expect(try await offered("replay \(config)") == ["done.json", done])
      #expect(try await offered("show \(config)") == ["open.json", id, "done.json", done])
      #expect(try await offered("cancel --config /nowhere") == [])
    }
    await api.stop()
  }
}
