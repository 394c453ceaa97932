internal import ArgumentParser
internal import Delivery
internal import Foundation
internal import Operations

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Examines the outbox; --set-aside puts a damaged one out of the way, so that the daemon can go on.",
    discussion: """
      Without options it only looks, also beside a running daemon. --set-aside needs the daemon to be stopped. It moves the \
      outbox into a folder of its own below `state`, with an export of what can be read: items that were not delivered, as \
      files that can be dropped, and outcomes.ndjson with what became of the others. Claimed files lie in work/; the daemon \
      reads them again from their beginning. What may then be sent twice is said, file by file. A sound outbox is left alone.

      Exit status: 0 it is sound, or was set aside; 1 it is damaged; 2 it can't be examined, or a daemon is at work on it.

      Example: systemctl stop upsertd && upsertd doctor --set-aside && systemctl start upsertd
      """)

  @Flag(name: .long, help: "Set a damaged outbox aside, and begin a fresh one.")
  var setAside = false

  @Option(name: .long, help: ArgumentHelp("Write what can be read into this folder.", valueName: "DIR"))
  var export: String?

  @Option(
    name: .long, help: ArgumentHelp("Examine this file instead, such as one that was set aside.", valueName: "FILE"))
  var database: String?

  @Flag(name: .long, help: "Print JSON, for programs.")
  var json = false

  @OptionGroup var config: ConfigOption

  func validate() throws {
    if setAside, export != nil || database != nil {
      throw ValidationError("--set-aside takes neither --export nor --database: it exports beside what it sets aside")
    }
  }

  func run() async throws {
    let settings = try config.load(withSecrets: false)
    let doctor = try await reportingTrouble {
      setAside
        ? try await Doctor.setAside(settings)
        : try await Doctor.examine(settings, database: database, exports: export)
    }
    if json { Console.out(doctor.json) } else { show(doctor) }
    if !doctor.isSound, doctor.asidePath == nil { throw ExitCode.someRejected }
  }

  private func show(_ doctor: Doctor) {
    guard doctor.bytes != nil || !doctor.isSound else { return Console.out("there is no outbox yet: \(doctor.path)") }
    for finding in doctor.findings { Console.out("\(Console.styled("damage", .red))  \(finding)".onOneLine) }
    let verdict = doctor.isSound ? Console.styled("sound", .green) : Console.styled("damaged", .red)
    Console.out("\(doctor.path), \(doctor.bytes ?? 0) bytes: \(verdict)")
    if doctor.isOlder { Console.out("an older upsertd wrote it; the daemon brings it up to date when it starts") }
    if doctor.damagedTables == ["all"] {
      Console.out("nothing of it can be read")
    } else if !doctor.damagedTables.isEmpty {
      Console.out("can't be read as a whole: \(doctor.damagedTables.joined(separator: ", "))")
    }
    for path in doctor.exported { Console.out("exported: \(path)") }
    if doctor.isSound { return }
    if let aside = doctor.asidePath {
      Console.out(
        "set aside: \(aside); the fresh outbox took over \(counted(doctor.kept, "row")) (finished files, pauses)")
    }
    if !doctor.fates.isEmpty {
      Console.out(
        doctor.asidePath == nil ? "once it is set aside, of the files under way" : "now, of the files under way")
    }
    for fate in doctor.fates {
      let line = "  \(fate.id)  \(fate.inbox)/\(fate.name): \(fate.text)".onOneLine
      Console.out(fate.isRepeated ? Console.styled(line, .yellow) : line)
    }
    if doctor.asidePath == nil {
      Console.out("to go on: stop the daemon, then `upsertd doctor --set-aside`, then start it again")
    } else {
      Console.out(
        "start the daemon: it reads the files in work/ again, so drop the exported ones only where that says so")
    }
  }
}
