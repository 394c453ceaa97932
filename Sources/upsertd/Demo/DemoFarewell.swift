/// Where everything is, and what to try next.
struct DemoFarewell {
  var folder: DemoFolder
  var isKept: Bool
  /// The sandbox's.
  var port: UInt16
  var narrator: Narrator

  /// The command as it was invoked, so that the suggested commands can be copied.
  private var program: String { CommandLine.arguments.first ?? "upsertd" }

  func show() {
    narrator.heading("What is where in \(folder.path)")
    narrator.printLine("spool/<inbox>/outbox/receipts/    a receipt for each dropped file")
    narrator.printLine("spool/<inbox>/outbox/rejected/    rejected items, to fix and drop again")
    narrator.printLine("spool/<inbox>/archive/            the originals")
    narrator.printLine("upsertd.yaml  upsertd.log         configuration and log")
    if isKept {
      narrator.heading("Look around: the folder is kept for you")
      narrator.command("\(program) status --config \(folder.configuration)")
      narrator.command("less \(folder.path)/spool/*/outbox/*/*")
      narrator.heading("Drop your own files: start the APIs and the daemon again")
      narrator.command("\(program) sandbox --port \(port) &")
      narrator.command("\(program) run --config \(folder.configuration)")
    } else {
      narrator.heading("The folder is now removed. What next?")
      narrator.command("\(program) demo --keep", "the same, but keeps the folder to look around in")
      narrator.command("\(program) sandbox --port 8080", "both APIs, to try your own files and configuration")
      narrator.command("\(program) --help")
    }
  }
}

/// Something that went differently than the demo says it should.
struct DemoFailure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
