import Testing
@testable import Telemetry

@Suite struct `An entry of the journal` {
  @Test func `has a line for each field`() {
    let entry = JournalEntry(
      message: "file is claimed inbox=a", priority: 6, event: "file is claimed",
      fields: [("inbox", "a"), ("isNew", "true"), ("x-1", "")])
    #expect(
      String(decoding: entry.bytes, as: UTF8.self) == """
        MESSAGE=file is claimed inbox=a
        PRIORITY=6
        SYSLOG_IDENTIFIER=upsertd
        UPSERTD_EVENT=file is claimed
        UPSERTD_INBOX=a
        UPSERTD_IS_NEW=true
        UPSERTD_X_1=

        """)
  }

  @Test func `a value with lines of its own is told by its length`() {
    let entry = JournalEntry(message: "m", priority: 3, event: "m", fields: [("name", "a\nPRIORITY=0")])
    let bytes = entry.bytes
    let expected = Array("UPSERTD_NAME\n".utf8) + [12, 0, 0, 0, 0, 0, 0, 0] + Array("a\nPRIORITY=0\n".utf8)
    #expect(Array(bytes.suffix(expected.count)) == expected)
  }
}
