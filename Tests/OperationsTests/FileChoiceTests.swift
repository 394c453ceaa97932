import Core
import Testing

@testable import Operations

/// Which file an order means.
@Suite struct FileChoiceTests {
  private static func candidate(_ number: Int, _ state: FileChoice.State, name: String = "a.csv")
    -> FileChoice.Candidate
  {
    FileChoice.Candidate(id: FileID(value: UInt128(number)), inbox: "in", name: name, state: state)
  }

  @Test func `of several files, the only one that the order could be meant for is taken`() {
    let files = [Self.candidate(3, .underWay), Self.candidate(2, .unreleased), Self.candidate(1, .done)]
    #expect(FileChoice(among: files, for: .release) == .one(files[1].id))
    #expect(FileChoice(among: files, for: .replay) == .one(files[2].id))
  }

  @Test func `of several that it could be meant for, none is picked`() {
    let files = [Self.candidate(3, .underWay), Self.candidate(2, .unreleased), Self.candidate(1, .done)]
    #expect(FileChoice(among: files, for: .underWay) == .several(Array(files[..<2]), more: 0))
    let many = (0..<30).map { Self.candidate(30 - $0, .done) }
    #expect(FileChoice(among: many, for: .replay) == .several(Array(many[..<20]), more: 10))
  }

  @Test func `a single file that does not fit is left to the order, which says why`() {
    let file = Self.candidate(1, .done)
    #expect(FileChoice(among: [file], for: .underWay) == .one(file.id))
    #expect(FileChoice(among: [file, Self.candidate(2, .done)], for: .release) != .one(file.id))
    #expect(FileChoice(among: [], for: .replay) == .none)
  }

  @Test func `a shell offers a file's name only if it says which file is meant`() {
    let files = [Self.candidate(2, .done, name: "b.csv"), Self.candidate(1, .done), Self.candidate(0, .done)]
    #expect(CompletionWords.words(for: files) == ["b.csv"] + files.map(\.id.text))
  }

  @Test(arguments: [
    (["upsertd", "show", "--config", "x.yaml", ""], "x.yaml"), (["upsertd", "--config='a b.yaml'"], "a b.yaml"),
    (["upsertd", "--config", "a\\ b"], "a b"),
  ])
  func `the configuration is that of the command line`(_ words: [String], _ path: String) {
    #expect(CompletionWords.configuration(in: words) == path)
  }

  @Test func `a command line without a configuration names none`() {
    #expect(CompletionWords.configuration(in: ["upsertd", "show", "--config"]) == nil)
  }
}
