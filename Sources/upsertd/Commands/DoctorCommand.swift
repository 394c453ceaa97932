internal import ArgumentParser
internal import Core
internal import Foundation
internal import Operations

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Checks the outbox; --set-aside moves a damaged one out of the way so that the daemon can run again.",
    discussion: """
      Without options it only reads, even while the daemon is running. --set-aside requires the daemon to be stopped. \
      It moves the outbox into a separate folder below `state`, with an export of what can be read: undelivered items, \
      as files that can be dropped, and outcomes.ndjson with the outcomes of the others. Claimed files are in work/; \
      the daemon reads them again from the beginning. For each file it reports what may be sent twice. A sound outbox \
      is left alone.

      Exit status: 0 it is sound, or was set aside; 1 it is damaged; 2 it can't be checked, or a daemon is using it.

      Example: systemctl stop upsertd && upsertd doctor --set-aside && systemctl start upsertd
      """)

  @Flag(name: .long, help: "Set a damaged outbox aside and start a new one.")
  var setAside = false

  @Option(
    name: .long, help: ArgumentHelp("Write what can be read into this folder.", valueName: "DIR"),
    completion: .directory)
  var export: String?

  @Option(
    name: .long, help: ArgumentHelp("Check this file instead, such as one that was set aside.", valueName: "FILE"),
    completion: .file())
  var database: String?

  @Flag(name: .long, help: "Print JSON.")
  var json = false

  @OptionGroup var config: ConfigOption

  func validate() throws {
    if setAside, export != nil || database != nil {
      throw ValidationError(
        "--set-aside can't be combined with --export or --database: it always exports next to what it sets aside")
    }
  }

  func run() async throws {
    let settings = try config.settingsInEffect().settings
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
    Console.out("\(doctor.path), \(counted(doctor.bytes ?? 0, "byte")): \(verdict)")
    if doctor.isOlder { Console.out("it was written by an older upsertd; the daemon upgrades it when it starts") }
    if doctor.damagedTables == ["all"] {
      Console.out("none of it can be read")
    } else if !doctor.damagedTables.isEmpty {
      Console.out("only partly readable: \(doctor.damagedTables.joined(separator: ", "))")
    }
    for path in doctor.exported { Console.out("exported: \(path)") }
    if doctor.isSound { return }
    if let aside = doctor.asidePath {
      Console.out(
        "set aside: \(aside); the new outbox keeps \(counted(doctor.kept, "row")) (finished files, pauses)")
    }
    if !doctor.fates.isEmpty {
      Console.out(
        doctor.asidePath == nil ? "files under way, once it is set aside:" : "files under way:")
    }
    for fate in doctor.fates {
      let line = "  \(fate.id)  \(fate.inbox)/\(fate.name): \(fate.text)".onOneLine
      Console.out(fate.isRepeated ? Console.styled(line, .yellow) : line)
    }
    if doctor.asidePath == nil {
      Console.out("next: stop the daemon, run `upsertd doctor --set-aside`, then start it again")
    } else {
      Console.out(
        "next: start the daemon; it reads the files in work/ again. Drop exported files only if the list above says so")
    }
  }
}
