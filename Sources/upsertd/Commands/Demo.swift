internal import ArgumentParser
internal import Dispatch
internal import Foundation
internal import Glibc

struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Demonstrates upsertd with a built-in sandbox: files in, receipts out; takes less than a minute.",
    discussion: """
      Simulates both APIs in this process, runs the daemon in a temporary folder, drops JSON and CSV files with some \
      bad items for both APIs, and causes a rate limit, an outage and a kill -9. Then it shows the receipts and \
      compares them with what the simulated APIs received.

      Exit status: 0 everything worked as expected; 1 something did not; 128 plus the signal number if a signal ended \
      it.

      Example: upsertd demo --keep
      """)

  @Flag(name: .long, help: "Keep the temporary folder.")
  var keep = false

  // Takes --config like every command, but does not use it.
  @OptionGroup var config: ConfigOption

  private enum Ending: Sendable {
    case played(port: UInt16)
    case failed(String)
    case interrupted(Int32)
    case late
  }

  /// Together with what follows it, less than the promised minute.
  private static let deadline = Duration.seconds(50)

  func run() async throws {
    let narrator = Narrator()
    let folder: DemoFolder
    do { folder = try DemoFolder() } catch {
      Console.error("upsertd: \(error)")
      throw ExitCode(1)
    }
    // A reader that goes away must not keep the demo from cleaning up.
    signal(SIGPIPE, SIG_IGN)
    let (signals, sources) = Self.signals()
    defer { for source in sources { source.cancel() } }
    let ending = await withTaskGroup(of: Ending.self) { group in
      group.addTask {
        var play = DemoPlay(folder: folder, narrator: narrator)
        do {
          return .played(port: try await play.run())
        } catch {
          return .failed("\(error)")
        }
      }
      group.addTask {
        try? await Task.sleep(for: Self.deadline)
        return .late
      }
      group.addTask {
        for await signal in signals { return .interrupted(signal) }
        return .late
      }
      let first = await group.next() ?? .late
      group.cancelAll()
      return first
    }
    let code = conclude(ending, folder, narrator)
    if !keep {
      do { try folder.remove() } catch { Console.error("upsertd: \"\(folder.path)\" can't be removed: \(error)") }
    }
    if code != 0 { throw ExitCode(code) }
  }

  /// - Returns: the exit status.
  private func conclude(_ ending: Ending, _ folder: DemoFolder, _ narrator: Narrator) -> Int32 {
    switch ending {
    case .played(let port):
      DemoFarewell(folder: folder, isKept: keep, port: port, narrator: narrator).show()
      return 0
    case .interrupted(let signal):
      Console.error("\nupsertd: the demo was interrupted; " + whereabouts(folder))
      return 128 + signal
    case .failed(let reason):
      return fail(reason, folder)
    case .late:
      return fail("it did not finish within \(Self.deadline)", folder)
    }
  }

  private func fail(_ reason: String, _ folder: DemoFolder) -> Int32 {
    let log = (try? folder.read(folder.log))?.split(separator: "\n").suffix(15).joined(separator: "\n  ") ?? ""
    Console.error(
      "\nupsertd: the demo failed: \(reason)\n\nThe end of the daemon's log:\n  \(log)\n\n" + whereabouts(folder))
    return 1
  }

  private func whereabouts(_ folder: DemoFolder) -> String {
    keep ? "its folder is kept: \(folder.path)" : "its folder was removed (--keep keeps it)"
  }

  private static func signals() -> (AsyncStream<Int32>, [any DispatchSourceSignal]) {
    let (stream, continuation) = AsyncStream<Int32>.makeStream()
    let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(number) }
      source.activate()
      return source
    }
    return (stream, sources)
  }
}
