import APIs
import Glibc
import Testing

@testable import Settings

/// Secrets that people who drop files could read.
struct DroppersTests {
  private static let yaml = """
    spool: spool
    targets:
      t: {api: lusid, url: "https://a/api", auth: {access_token_file: token}}
    inboxes: [{name: a, target: t}]
    """

  /// The faults of a configuration whose inbox and token have these owners, groups and modes.
  private func faults(
    inbox: (owner: uid_t, group: gid_t, mode: mode_t), token: (group: gid_t, mode: mode_t)
  ) throws -> [String] {
    try #require(geteuid() == 0, "this test needs root, to give files away")
    return try withConfiguration(Self.yaml, files: ["token": "abc", "spool/a/inbox/.keep": ""]) { folder in
      let place = folder.path + "/spool/a/inbox"
      try #require(chown(place, inbox.owner, inbox.group) == 0 && chmod(place, inbox.mode) == 0)
      let file = folder.path + "/token"
      try #require(chown(file, 0, token.group) == 0 && chmod(file, token.mode) == 0)
      do throws(SettingsFaults) {
        _ = try Settings.load(path: folder.path + "/upsertd.yaml", environment: [:])
        return []
      } catch {
        return error.faults.map { $0.description.split(separator: folder.path + "/").joined() }
      }
    }
  }

  @Test func `a secret that the group of droppers can read is an error that names the commands`() throws {
    let found = try faults(inbox: (61_001, 61_002, 0o3770), token: (61_002, 0o640))
    #expect(found.count == 1)
    let fault = try #require(found.first)
    #expect(fault.hasPrefix("upsertd.yaml:3: targets.t.auth.access_token_file: members of group \"61002\" drop files"))
    for command in [
      "run chmod g-rw \"token\"", "groupadd --system upsertd-drop", "usermod -a -G upsertd-drop 61001",
      "chgrp upsertd-drop \"spool\"",
    ] { #expect(fault.contains(command), "\(fault)") }
  }

  @Test func `a group that has other members is named with them`() throws {
    // Each system has users whose first group is another's: here the daemon is nobody, and the group root's.
    let found = try faults(inbox: (65_534, 0, 0o2770), token: (0, 0o440))
    #expect(found.first?.contains("members of group \"root\" (root") == true, "\(found)")
    #expect(found.first?.contains("gpasswd -d root root && usermod -a -G upsertd-drop root") == true)
  }

  @Test func `the daemon user's own group is no danger, nor is one that may not drop`() throws {
    #expect(try faults(inbox: (0, 0, 0o3770), token: (0, 0o640)) == [])
    #expect(try faults(inbox: (61_001, 61_002, 0o3770), token: (61_004, 0o640)) == [])
    #expect(try faults(inbox: (61_001, 61_002, 0o3770), token: (61_002, 0o600)) == [])
    #expect(try faults(inbox: (61_001, 61_002, 0o2750), token: (61_002, 0o640)) == [])
  }

  @Test func `where everybody may drop, every group may`() throws {
    #expect(try faults(inbox: (61_001, 61_002, 0o777), token: (61_004, 0o640)).count == 1)
  }
}
