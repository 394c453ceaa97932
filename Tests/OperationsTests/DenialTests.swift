import Operations
import Testing

/// What a user who may not look gets.
@Suite struct `A denial` {
  private static func command(_ arguments: [String], of daemonUser: String?, as user: String) -> String? {
    Denial(reason: "list \"/spool\": permission denied", daemonUser: daemonUser, user: user).command(arguments)
  }

  @Test func `it names the same command for the daemon's user`() {
    #expect(
      Self.command(["queue", "--target", "t"], of: "upsertd", as: "alice") == "sudo -u upsertd upsertd queue --target t"
    )
    #expect(
      Self.command(["find", "it's me"], of: "upsertd", as: "alice") == "sudo -u upsertd upsertd find 'it'\\''s me'")
    #expect(Self.command(["status"], of: "61001", as: "alice") == "sudo -u '#61001' upsertd status")
  }

  @Test func `whoever is the daemon's user already needs root, and so do those who don't know it`() {
    #expect(Self.command(["status"], of: "upsertd", as: "upsertd") == "sudo upsertd status")
    #expect(Self.command(["status"], of: "root", as: "alice") == "sudo upsertd status")
    #expect(Self.command(["status"], of: nil, as: "alice") == "sudo upsertd status")
  }

  @Test func `root is refused by a network file system alone, which may permit it to the daemon's user`() {
    #expect(Self.command(["status"], of: "upsertd", as: "root") == "sudo -u upsertd upsertd status")
    #expect(Self.command(["status"], of: "root", as: "root") == nil)
    #expect(Self.command(["status"], of: nil, as: "root") == nil)
  }

  @Test func `it says who may not do what`() {
    let denial = Denial(reason: "list \"/spool\": permission denied", daemonUser: "upsertd", user: "alice")
    #expect("\(denial)" == "list \"/spool\": permission denied; user alice may not do that")
  }
}
