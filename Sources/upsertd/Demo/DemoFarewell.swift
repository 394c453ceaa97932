internal import Foundation

/// Where everything lies, and what to try next.
struct DemoFarewell {
  var folder: DemoFolder
  var isKept: Bool
  /// The sandbox's.
  var port: UInt16
  var narrator: Narrator

  /// As it was called, so that the commands can be copied.
  private var program: String { CommandLine.arguments.first ?? "upsertd" }

  func tell() {
    narrator.heading("Where it lies")
    narrator.say(
      """
         receipts    \(folder.path)/spool/<inbox>/outbox/receipts/
         rejects     \(folder.path)/spool/<inbox>/outbox/rejected/    to correct and drop again
         originals   \(folder.path)/spool/<inbox>/archive/
      """)
    if isKept {
      narrator.heading("Look around; the folder is kept until you remove it")
      narrator.command("\(program) status --config \(folder.configuration)")
      narrator.command("less \(folder.path)/spool/*/outbox/receipts/* \(folder.configuration) \(folder.log)")
      narrator.heading("Drop files of your own: the same APIs again, and the daemon")
      narrator.command("\(program) sandbox --port \(port) &")
      narrator.command("\(program) run --config \(folder.configuration)")
    } else {
      narrator.heading("It is removed now. Next:")
      narrator.command("\(program) demo --keep", "the same, and the folder stays to look around in")
      narrator.command("\(program) sandbox --port 8080", "both APIs, to try files of your own on")
      narrator.command("\(program) --help")
    }
  }
}
