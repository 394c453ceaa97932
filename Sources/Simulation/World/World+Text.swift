internal import Core
internal import Engine

/// Human-readable names: files as the plan numbers them.
extension World {
  func text(_ name: BatchName) -> String { "f\(checker.number(of: name.file))/\(name.position)" }

  func text(_ read: DispatchState.Read) -> String {
    switch read {
    case .line(let after, let limit): "\(limit) of the line behind \(after.map(text) ?? "its beginning")"
    case .late(let file, let after, let limit):
      "\(limit) of f\(checker.number(of: file)) behind \(after ?? "its beginning")"
    case .named(let names): "\(names.map(text))"
    case .postponed(let after, let limit):
      "\(limit) of the postponed behind \(after.map { "\($0.due.milliseconds) \(text($0.name))" } ?? "all")"
    case .oldestFile(let last): "the oldest file\(last.map { " behind f\(checker.number(of: $0))" } ?? "")"
    case .files: "what files there are"
    }
  }

  func text(_ found: DispatchState.Found) -> String {
    switch found {
    case .page(let page): "\(page.batches.map { text($0.name) })\(page.isEnd ? ", which is the end" : "")"
    case .files(let files):
      (files.newestOrdered.map { "f\(checker.number(of: $0)) as the newest" } ?? "no file")
        + files.cancelled.map { ", f\(checker.number(of: $0)) as cancelled" }.joined()
    case .oldestFile(let file): file.map { "f\(checker.number(of: $0.id))" } ?? "no file"
    }
  }
}
