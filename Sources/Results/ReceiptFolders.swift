internal import APIs
package import Core
package import Receipts
package import Settings
package import Spool

/// The receipts of all inboxes, in their folders: to be found, searched and read.
///
/// A receipt's name holds the file's id, which begins with its arrival time, so sorting, and searching by name, id and
/// time, opens no receipt. A hundred thousand of them take a tenth of a second to list; only requested ones are read.
package struct ReceiptFolders: Sendable {
  /// A receipt that has not been opened yet.
  package struct Entry: Sendable {
    package var inbox: String
    package var id: FileID
    /// The dropped file's name; cut at the end if it is so long that the receipt's name had to be cut.
    package var name: String
    let file: FileName
    let folder: String

    package var path: String { "\(folder)/\(file.display)" }
    /// When the file was claimed.
    var receivedAt: Timestamp { id.time }

    /// - Parameter text: in lower case.
    fileprivate func isNamed(_ text: String) -> Bool {
      name.lowercased().contains(text) || id.text.lowercased().hasPrefix(text)
    }
  }

  /// Which receipts are wanted; nil means any.
  package struct Query: Sendable {
    /// Part of the dropped file's name, case-insensitive; or a file id, or the beginning of one. `search` also finds it in
    /// the keys of rejected items.
    package var text: String?
    package var inbox: String?
    package var status: Receipt.Status?
    /// Claimed at this moment or later.
    package var since: Timestamp?
    /// Claimed before this moment.
    package var until: Timestamp?

    package init() {}
  }

  package struct Found: Sendable {
    package var entry: Entry
    package var receipt: Receipt
  }

  /// The result of a search: the receipts, newest first, and entries that should be receipts but can't be read.
  package struct Findings: Sendable {
    package var found: [Found] = []
    package var unreadable: [(entry: Entry, reason: String)] = []
    /// The first of them that this user lacks a permission for.
    package var refusal: InboxError?
    /// Whether older ones were not checked, since the limit was reached.
    package var hasMore = false
  }

  private let folders: [(inbox: String, folders: InboxFolders)]

  package init(_ settings: Settings) {
    folders = settings.inboxes.map { ($0.name, InboxFolders(spool: settings.spool, inbox: $0.name)) }
  }

  /// Why this user may not look at the receipts and rejects files of one of them; nil if it may.
  ///
  /// - Parameter inbox: nil means all.
  package func refusal(inbox: String?) -> InboxError? {
    folders.lazy.filter { inbox ?? $0.inbox == $0.inbox }.compactMap(\.folders.resultsRefusal).first
  }

  /// The folder of an inbox's rejects files.
  func rejected(of inbox: String) -> String { folders.first { $0.inbox == inbox }?.folders.rejected ?? "" }

  /// All that match as far as names show it (so not by status), newest first.
  ///
  /// - Throws: `InboxError` if a folder can't be listed; one that does not exist yet is empty.
  package func entries(_ query: Query = Query()) throws -> [Entry] {
    var entries: [Entry] = []
    let text = query.text?.lowercased()
    for (inbox, folders) in folders where query.inbox ?? inbox == inbox {
      for file in try folders.receiptEntries() {
        guard query.since.map({ file.id.time >= $0 }) ?? true, query.until.map({ file.id.time < $0 }) ?? true else {
          continue
        }
        let name = ResultNames.dropped(inReceipt: file.name)
        let entry = Entry(inbox: inbox, id: file.id, name: name, file: file.name, folder: folders.receipts)
        if text.map(entry.isNamed) ?? true { entries.append(entry) }
      }
    }
    return entries.sorted { $0.id > $1.id }
  }

  /// The newest matching receipts, read, at most `limit` of them.
  ///
  /// With a text, all receipts of that time are read, since it may be in a key.
  package func search(_ query: Query, limit: Int = .max) throws -> Findings {
    var findings = Findings()
    let text = query.text?.lowercased()
    var unnamed = query
    unnamed.text = nil
    for entry in try entries(unnamed) {
      guard findings.found.count < limit else {
        findings.hasMore = true
        break
      }
      do {
        guard let receipt = try receipt(in: entry, with: text) else { continue }
        let found = Found(entry: entry, receipt: receipt)
        if query.status.map({ $0 == found.receipt.status }) ?? true { findings.found.append(found) }
      } catch let error as InboxError where error.code == .missing {
        // Somebody removed it during the search.
      } catch {
        findings.unreadable.append((entry, "\(error)"))
        if let error = error as? InboxError, error.isRefusal { findings.refusal = findings.refusal ?? error }
      }
    }
    return findings
  }

  /// Nil if the text is neither in the file's name nor in the key of a rejected item.
  private func receipt(in entry: Entry, with text: String?) throws -> Receipt? {
    guard let text, !entry.isNamed(text) else { return try receipt(in: entry) }
    let bytes = try self.text(of: entry)
    // Most are not worth reading: no key has a word of the text.
    if text.utf8.allSatisfy({ $0 < 0x80 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
      let lowercased = bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
      guard ByteSearch(Array(text.utf8)).place(in: lowercased) != nil else { return nil }
    }
    let receipt = try Receipt(json: bytes, apis: APIs.kinds)
    return receipt.rejects.contains { $0.key?.lowercased().contains(text) == true } ? receipt : nil
  }

  /// A file's receipt; nil if there is none.
  ///
  /// - Throws: `InboxError`, `ReceiptFault`.
  package func receipt(of id: FileID) throws -> Found? {
    try entry(of: id).map { Found(entry: $0, receipt: try receipt(in: $0)) }
  }

  /// - Throws: `InboxError`, `ReceiptFault`.
  package func receipt(in entry: Entry) throws -> Receipt { try Receipt(json: try text(of: entry), apis: APIs.kinds) }

  /// Where a file's receipt is; nil if there is none.
  ///
  /// The names of corrected rejects files hold the ids of the files they correct, so a search by the id's text finds
  /// more than this one.
  package func entry(of id: FileID) throws -> Entry? {
    var query = Query()
    query.since = id.time
    query.until = id.time + .milliseconds(1)
    return try entries(query).first { $0.id == id }
  }

  /// The document itself, byte for byte.
  ///
  /// - Throws: `InboxError`, with `tooLarge` if it has more bytes than `limit`.
  package func text(of entry: Entry, atMost limit: Int = InboxFolders.mostReceiptBytes) throws -> [UInt8] {
    try InboxFolders.contents(of: entry.file, in: entry.folder, atMost: limit)
  }
}
