internal import APIs
internal import ArgumentParser
internal import Foundation
internal import Operations
internal import Settings

// What a shell offers, asked of this program while a command is being typed.
extension CompletionKind {
  static var inboxes: CompletionKind { words { CompletionWords.inboxes($0) } }

  static var targets: CompletionKind { words { CompletionWords.targets($0) } }

  static var inboxesAndTargets: CompletionKind {
    words { CompletionWords.inboxes($0) + CompletionWords.targets($0) }
  }

  /// - Parameter purpose: nil for all files.
  static func files(for purpose: FileChoice.Purpose?) -> CompletionKind {
    words { await CompletionWords.files(for: purpose, $0) }
  }

  static var configurations: CompletionKind { .file(extensions: ["yaml", "yml"]) }

  private static func words(_ find: @escaping @Sendable (Settings) async -> [String]) -> CompletionKind {
    .custom { words, _, prefix in
      guard let settings = settings(for: words) else { return [] }
      return await find(settings).filter { $0.hasPrefix(prefix) }
    }
  }

  /// Those of the file that the command line names; if it can't be used, those of the daemon.
  private static func settings(for words: [String]) -> Settings? {
    let environment = ProcessInfo.processInfo.environment
    var path = CompletionWords.configuration(in: words) ?? ConfigOption.standardPath
    if path.hasPrefix("~/"), let home = environment["HOME"] { path = home + path.dropFirst(1) }
    return (try? Settings.load(path: path, environment: environment, withSecrets: false))
      ?? Operator.settingsInEffect(state: Settings.readableState(path: path, environment: environment))
  }
}
