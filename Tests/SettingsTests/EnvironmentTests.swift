import Testing

@testable import Settings

struct EnvironmentTests {
  @Test func `a value is taken from the environment`() throws {
    let settings = try loaded(
      """
      spool: ${ROOT}/spool
      watch: {poll_interval: "${POLL}"}
      limits: {max_nesting: "${DEPTH}"}
      admin: ${ADMIN}
      targets: {t: {api: "${API}", url: "https://${HOST}/api", auth: {access_token: "${TOKEN}"}}}
      inboxes: [{name: "in-${NAME}", target: t, validate: "${VALIDATE}"}]
      """,
      environment: [
        "ROOT": "/srv", "POLL": "5s", "DEPTH": "9", "ADMIN": "false", "API": "lusid", "HOST": "example.com",
        "TOKEN": "a${HOST}", "NAME": "x", "VALIDATE": "false",
      ])
    #expect(settings.spool == "/srv/spool")
    #expect(settings.watch.pollInterval == .seconds(5))
    #expect(settings.limits.maxNesting == 9)
    #expect(settings.admin == nil)
    #expect(settings.targets[0].url == "https://example.com/api")
    // What comes out of the environment is not looked at again.
    #expect(settings.targets[0].auth == .accessToken(Secret("a${HOST}")))
    #expect(settings.inboxes[0].name == "in-x")
    #expect(settings.inboxes[0].routes[0].validate == false)
  }

  @Test func `a value from the environment never becomes YAML`() throws {
    let settings = try loaded(minimal("spool: ${ROOT}"), environment: ["ROOT": "/a: {b}, c # d"])
    #expect(settings.spool == "/a: {b}, c # d")
    let list = try faults(minimal("watch: ${W}"), environment: ["W": "{settle: 1s}"])
    #expect(list == ["upsertd.yaml:1: watch: must be a mapping of keys to values, but is a single value"])
  }

  @Test(arguments: [
    ("$${HOME}", "${HOME}"), ("a$b", "a$b"), ("$", "$"), ("$$", "$$"), ("$$$${", "$$${"), ("${A}${A}", "xx"),
    ("$${${A}}", "${x}"), ("$$5", "$$5"), ("${E}", ""),
  ])
  func `dollars without a name stay`(_ text: String, _ result: String) {
    let replaced = EnvironmentReferences(in: text, environment: ["A": "x", "E": ""])
    #expect(replaced.text == result)
    #expect(replaced.faults.isEmpty)
  }

  @Test(arguments: ["${A", "${}", "${A-B}", "${A:-x}", "${ A}", "x${"])
  func `what looks like a name but is none is refused`(_ text: String) {
    let replaced = EnvironmentReferences(in: text, environment: ["A": "x"])
    #expect(replaced.faults == ["has a \"${\" that does not begin a ${NAME}: write \"$${\" for a literal \"${\""])
  }

  @Test func `a name that is not set is told with its place`() throws {
    let found = try faults(minimal("spool: ${NOWHERE}/x\nstate: ${EMPTY}"), environment: ["EMPTY": ""])
    #expect(
      found == [
        "upsertd.yaml:1: spool: ${NOWHERE} is not set in the environment: set it, or write \"$${\" for a literal "
          + "\"${\"",
        "upsertd.yaml:2: state: must not be empty",
      ])
  }

  @Test func `messages show what stands in the file, not what the environment holds`() throws {
    let found = try faults(
      minimal("watch: {settle: \"${SECRET}\"}\nlimits: {max_nesting: \"${SECRET}\"}\nlog: {level: \"${SECRET}\"}"),
      environment: ["SECRET": "hunter2"])
    #expect(found.count == 3)
    #expect(found.allSatisfy { !$0.contains("hunter2") && $0.contains("${SECRET}") })
  }
}
