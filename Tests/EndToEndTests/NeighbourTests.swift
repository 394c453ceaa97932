import Glibc
import JSONText
import Testing
import TestKit

/// People who drop files on the same machine, each as a user of his own.
///
/// The daemon is user 61001 and a member of the droppers' group 61002; alice, 61003, and bob, 61004, are in none of its
/// other groups. This needs root, and fails loudly without.
@Suite struct `Neighbours` {
  private enum User: Int {
    case daemon = 61_001
    case alice = 61_003
    case bob = 61_004
  }

  private struct Village {
    let world: World

    /// Runs a shell command as one of them; returns its exit status and all it said.
    func run(_ user: User, _ command: String) async throws -> (status: Int32, said: String) {
      try #require(geteuid() == 0, "this test needs root, to act as other users")
      // Without capabilities: root's would override every mode.
      return try await world.tool(
        "umask 027; setpriv --reuid \(user.rawValue) --regid \(user.rawValue) --groups \(user.rawValue),61002 "
          + "--inh-caps=-all -- /bin/sh -c '\(command)'")
    }

    func expect(
      _ user: User, can isPossible: Bool = true, _ command: String, location: SourceLocation = #_sourceLocation
    ) async throws {
      let (status, said) = try await run(user, command)
      #expect((status == 0) == isPossible, "\(user): \(command): \(said)", sourceLocation: location)
    }

    /// Works everything off as the daemon's user.
    func workOff() async throws -> String {
      let (status, said) = try await run(
        .daemon, "exec \"\(Product.path)\" run --once --config \"\(world.configuration)\"")
      try #require(status == 0 || status == 1, "\(said)")
      return said
    }
  }

  private func withVillage(_ body: (Village) async throws -> Void) async throws {
    try #require(geteuid() == 0, "this test needs root, to act as other users")
    let api = try LoopbackServer { .lusid($0) }
    try await withWorld(.lusid(api.url)) { world in
      let (status, said) = try await world.tool(
        """
        cd '\(world.folder)' && mkdir spool state && chown -R 61001:61001 . && chmod 755 . && chmod 700 state \
        && chgrp 61002 spool && chmod 2750 spool
        """)
      try #require(status == 0, "\(said)")
      let village = Village(world: world)
      // Makes the folders.
      _ = try await village.workOff()
      try await body(village)
    }
    await api.stop()
  }

  @Test func `nobody removes, replaces or changes what another drops`() async throws {
    try await withVillage { village in
      let inbox = village.world.path("investors", "inbox")
      // One that is never ready, so that it stays.
      try await village.expect(.alice, "echo mine > \(inbox)/a.json.part")
      try await village.expect(.bob, can: false, "rm -f \(inbox)/a.json.part")
      try await village.expect(.bob, can: false, "mv \(inbox)/a.json.part \(inbox)/b.json.part")
      try await village.expect(
        .bob, can: false, "echo his > \(inbox)/b.part && mv -f \(inbox)/b.part \(inbox)/a.json.part")
      try await village.expect(.bob, can: false, "echo his > \(inbox)/a.json.part")
      let kept = try await village.run(.alice, "cat \(inbox)/a.json.part").said
      #expect(kept == "mine\n")
      try await village.expect(.alice, "rm \(inbox)/a.json.part")
    }
  }

  @Test func `nobody removes, replaces or changes a receipt, and everybody reads it`() async throws {
    try await withVillage { village in
      let inbox = village.world.path("investors", "inbox")
      let receipts = village.world.path("investors", "outbox/receipts")
      let text = array([record("1"), record("2", name: "")]).replacing("\n", with: "")
      let (dropped, said) = try await village.run(
        .alice, "cat > \(inbox)/.a.json <<END\n\(text)\nEND\nmv \(inbox)/.a.json \(inbox)/a.json")
      #expect(dropped == 0, "\(said)")
      let log = try await village.workOff()
      let names = village.world.names("investors", "outbox/receipts")
      try #require(names.count == 1, "\(log)")
      let receipt = "\(receipts)/\(names[0])"
      let before = try village.world.text("investors", "outbox/receipts", names[0])
      for user in [User.alice, .bob] {
        let read = try await village.run(user, "cat \(receipt)").said
        #expect(read == before)
        for command in [
          "rm -f \(receipt)", "mv \(receipt) \(receipts)/other", "echo forged > \(receipt)",
          "ln -sfn /etc/passwd \(receipt)", "chmod 666 \(receipt)",
        ] { try await village.expect(user, can: false, command) }
        // Own files may be put there, but not in its place.
        let own = "\(receipts)/own.\(user.rawValue)"
        try await village.expect(user, "echo forged > \(own)")
        for command in [
          "mv -f \(own) \(receipt)", "ln -f \(own) \(receipt)", "cp --remove-destination \(own) \(receipt)",
        ] {
          try await village.expect(user, can: false, command)
        }
        for place in ["work", "archive"] {
          try await village.expect(user, can: false, "touch \(village.world.path("investors", place))/x")
        }
        try await village.expect(user, can: false, "ls \(village.world.path("investors", "work"))")
        try await village.expect(user, can: false, "cat \(village.world.outbox)")
        try await village.expect(user, can: false, "cat \(village.world.configuration)")
      }
      let after = try village.world.text("investors", "outbox/receipts", names[0])
      #expect(after == before)
      // A rejects file is there to be corrected and dropped again.
      let rejected = village.world.path("investors", "outbox/rejected")
      try await village.expect(.alice, "mv \(rejected)/*.rejected.json \(inbox)/")
      _ = try await village.workOff()
      #expect(village.world.names("investors", "outbox/receipts").filter { $0.hasSuffix(".receipt.json") }.count == 2)
    }
  }

  @Test func `check and status say what to do about a folder that is not the daemon's`() async throws {
    try await withVillage { village in
      let inbox = village.world.path("investors", "inbox")
      let (done, trouble) = try await village.world.tool("chown 61003:61002 '\(inbox)' && chmod 2770 '\(inbox)'")
      try #require(done == 0, "\(trouble)")
      let check = try await village.world.run(["check"])
      #expect(check.status == 0)
      #expect(check.log.contains("warning: \"\(inbox)\" has mode 2770"), "\(check.log)")
      #expect(check.log.contains("run chmod 3770 \"\(inbox)\""))
      let status = try await village.world.status()
      let advice = status["inboxes"]?.elements?.first?["advice"]?.elements ?? []
      #expect(advice.count == 1)
      #expect(advice.first?.string?.contains("chmod 3770") == true)
      let shown = try await village.world.run(["status"])
      #expect(shown.printed.contains("chmod 3770"))
    }
  }

  // MARK: - Commands

  /// Runs upsertd as one of them.
  private func upsertd(_ village: Village, _ user: User, _ arguments: String) async throws -> (
    status: Int32, said: String
  ) {
    try await village.run(user, "exec \"\(Product.path)\" \(arguments) --config \"\(village.world.configuration)\"")
  }

  /// With the state's folder closed to others, and with only its files closed.
  @Test(arguments: [true, false], ["700", "755"])
  func `no command takes what a user may not see for what is not there`(
    _ hasDaemon: Bool, _ stateMode: String
  ) async throws {
    try await withVillage { village in
      let world = village.world
      try world.drop("a.json", in: "investors", array([record("1")]))
      _ = try await village.workOff()
      let id = try world.receipt("investors").id
      let (done, trouble) = try await world.tool(
        "chmod \(stateMode) '\(world.state)' && chgrp 61002 '\(world.configuration)' && chmod 640 '\(world.configuration)'"
      )
      try #require(done == 0, "\(trouble)")
      if hasDaemon {
        let daemon = try world.start(
          arguments: [
            "--reuid", "61001", "--regid", "61001", "--groups", "61001,61002", "--inh-caps=-all", "--", Product.path,
            "run",
          ], program: "/usr/bin/setpriv")
        try await daemon.waitFor("is ready")
      }
      for arguments in [
        "status", "status --json", "queue", "show \(id)", "find 1", "verify", "doctor", "retry", "retry \(id)",
        "cancel \(id)", "pause lusid", "resume lusid", "release \(id)", "replay \(id)", "replay --yes \(id)",
      ] {
        let (status, said) = try await upsertd(village, .alice, arguments)
        #expect(status == 2, "\(arguments): \(said)")
        #expect(said.contains("ermission denied"), "\(arguments): \(said)")
        #expect(said.contains("run: sudo -u '#61001' upsertd \(arguments) --config"), "\(arguments): \(said)")
        #expect(
          !said.contains("nothing") && !said.contains("no daemon") && !said.contains("{"), "\(arguments): \(said)")
      }
      // Receipts are for everybody who drops files.
      let receipts = try await upsertd(village, .alice, "receipts")
      #expect(receipts.status == 0 && receipts.said.contains(id), "\(receipts)")
      for arguments in ["status", "queue", "show \(id)", "find 1", "verify", "doctor", "receipts"] {
        let (status, said) = try await upsertd(village, .daemon, arguments)
        #expect(status == 0, "\(arguments): \(said)")
      }
    }
  }

  @Test func `folders that even the daemon's user may not see are told, and end commands that need them with 2`()
    async throws
  {
    try await withVillage { village in
      let world = village.world
      try world.drop("a.json", in: "investors", array([record("1")]))
      _ = try await village.workOff()
      let id = try world.receipt("investors").id
      let archive = world.path("investors", "archive")
      let (done, trouble) = try await world.tool("chown 0:0 '\(archive)' && chmod 700 '\(archive)'")
      try #require(done == 0, "\(trouble)")
      for arguments in ["show \(id)", "find 1", "verify"] {
        let (status, said) = try await upsertd(village, .daemon, arguments)
        #expect(status == 2 && said.contains("list \"\(archive)\": permission denied"), "\(arguments): \(said)")
        #expect(said.contains("run: sudo upsertd \(arguments) --config"), "\(arguments): \(said)")
      }
      let receipts = world.path("investors", "outbox/receipts")
      let (closed, why) = try await world.tool("chown 0:0 '\(receipts)' && chmod 700 '\(receipts)'")
      try #require(closed == 0, "\(why)")
      let found = try await upsertd(village, .daemon, "receipts")
      #expect(found.status == 2 && found.said.contains("run: sudo upsertd receipts --config"), "\(found)")
      let work = world.path("investors", "work")
      let (hidden, reason) = try await world.tool("chown 0:0 '\(work)' && chmod 700 '\(work)'")
      try #require(hidden == 0, "\(reason)")
      let status = try await upsertd(village, .daemon, "status")
      #expect(status.status == 0 && status.said.contains("work/: list \"\(work)\": permission denied"), "\(status)")
    }
  }

  @Test func `whoever may not read the configuration is told which command may`() async throws {
    try await withVillage { village in
      for arguments in ["status", "check", "retry"] {
        let (status, said) = try await upsertd(village, .alice, arguments)
        #expect(status == 2, "\(arguments): \(said)")
        #expect(said.contains("upsertd \(arguments) --config"), "\(arguments): \(said)")
      }
    }
  }
}
