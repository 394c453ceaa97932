/// What is wrong with one item; its neighbours are not affected.
package struct ItemFault: Error, Equatable, Sendable {
  package var code: RejectCode
  /// Human-readable: names the member's path (`properties.InvestorRecord/Details/Name.value`) and what to do.
  ///
  /// Appears in receipts and rejects files, which contain item contents anyway; never logged.
  package var message: String

  package init(_ code: RejectCode, _ message: String) {
    self.code = code
    // It may quote the item, or come from a server.
    self.message = message.onOneLine
  }
}

/// What is wrong with a file as a whole: nothing in it is sent.
package struct FileFault: Error, Equatable, Sendable {
  package var code: RejectCode
  package var message: String
  /// Physical line, from 1; nil if the fault has no place.
  package var line: Int?
  /// Byte in that line, from 1.
  package var column: Int?

  package init(_ code: RejectCode, _ message: String, line: Int? = nil, column: Int? = nil) {
    self.code = code
    self.message = message.onOneLine
    self.line = line
    self.column = column
  }
}
