import Core
import Testing
@testable import Dispatching

@Suite struct `An API's words in the log` {
  private let sent = [
    Array(#"{"displayName":"Ada Lovelace","key":"C-0017","note":"M\u00fcller"}"#.utf8), Array("tok3n".utf8),
  ]

  @Test(arguments: [
    "answered 403 (Licence expired, code 12): check it", "answered 500", "answered 409 (code 17)", "answered 404 ()",
  ])
  func `stand there as they are`(_ reason: String) {
    #expect(reason.withoutQuotes(of: sent) == reason)
  }

  @Test(arguments: ["No such record: Ada", "record 0017 exists", "tok3n expired", "Müller", "a) Lovelace (b"])
  func `are left out where they repeat what was sent`(_ words: String) {
    let reason = "answered 403 (\(words), code 1): check it".withoutQuotes(of: sent)
    #expect(reason == "answered 403 (its message repeats sent data and is not shown): check it")
    #expect(BatchVerdict.hold("answered 403 (\(words))").redacted(about: sent) != .hold("answered 403 (\(words))"))
  }
}
