package import Core
package import JSONText
package import Receipts
internal import Spool

/// What became of a file's rejected items: how many were corrected, through however many rejects files, and where the
/// others are.
package struct Corrections: Sendable, Equatable {
  /// Items that nobody has dropped again.
  package struct Open: Sendable, Equatable {
    /// The file that they were rejected in: the first one, or one that corrects it.
    package var file: FileID
    /// The name of its rejects file; nil if its receipt names none.
    package var rejectsFile: String?
    package var items: Int
    /// Whether the rejects file is no longer there.
    package var isTaken: Bool
  }

  package var rejected: Int
  package var corrected = 0
  package var open: [Open] = []
  /// Files with corrections that have no receipt yet.
  package var underWay: [FileID] = []

  /// What has to be known of each file.
  package struct Facts: Sendable, Equatable {
    package var items: Int
    package var accepted: Int
    package var rejected: Int
    package var rejectsFile: String?
    /// Whether the rejects file is where it was written.
    package var isThere: Bool
    package var isDone: Bool
    package var correctedBy: [FileID]

    package init(
      items: Int, accepted: Int, rejected: Int, rejectsFile: String?, isThere: Bool, isDone: Bool,
      correctedBy: [FileID]
    ) {
      self.items = items
      self.accepted = accepted
      self.rejected = rejected
      self.rejectsFile = rejectsFile
      self.isThere = isThere
      self.isDone = isDone
      self.correctedBy = correctedBy
    }
  }

  /// Nil for a file without rejected items.
  package init?(of id: FileID, _ facts: (FileID) -> Facts?) {
    guard let first = facts(id), first.isDone, first.rejected > 0 else { return nil }
    rejected = first.rejected
    var seen: Set = [id]
    var next = [(id: id, facts: first)]
    while let (id, file) = next.popLast() {
      // Anyone may give a file the name of a rejects file: only later files can be corrections.
      let corrections = file.correctedBy.sorted().filter { $0 > id && seen.insert($0).inserted }
        .compactMap { id in facts(id).map { (id: id, facts: $0) } }
      let pending = corrections.filter { !$0.facts.isDone }
      underWay += pending.map(\.id)
      let dropped = corrections.lazy.map(\.facts.items).saturatedSum
      let rest = file.rejected.subtractingSaturated(dropped)
      // Of a file that is not read yet nobody knows how many it has.
      if rest > 0, !pending.contains(where: { $0.facts.items == 0 }) {
        open.append(Open(file: id, rejectsFile: file.rejectsFile, items: rest, isTaken: !file.isThere))
      }
      let done = corrections.filter(\.facts.isDone)
      corrected = corrected.addingSaturated(done.lazy.map(\.facts.accepted).saturatedSum)
      next += done.reversed()
    }
    // The same rejects may be dropped twice, and others added to them: what one correction got accepted is no longer
    // open in another. The latest ones are those that people work on.
    corrected = min(corrected, rejected)
    open.sort { $0.file < $1.file }
    var rest = rejected - corrected
    for place in open.indices.reversed() {
      open[place].items = min(open[place].items, rest)
      rest -= open[place].items
    }
    open.removeAll { $0.items == 0 }
  }

  /// How many are open.
  package var openItems: Int { open.lazy.map(\.items).saturatedSum }

  /// How many of them are open in one file's rejects.
  package func openItems(in file: FileID) -> Int { open.first { $0.file == file }?.items ?? 0 }

  /// Whether nothing has happened yet: all of it is in the file's own rejects file.
  package var isUntouched: Bool {
    corrected == 0 && underWay.isEmpty && open.count == 1 && open[0].items == rejected && !open[0].isTaken
  }

  /// For people, in one line.
  package var text: String {
    var parts = [beginning]
    for part in open {
      let place = part.rejectsFile.map { part.isTaken ? ": \($0) was taken away" : " in \($0)" } ?? ""
      parts.append("\(part.items) \(part.items == 1 ? "is" : "are") open\(place)")
    }
    for id in underWay { parts.append("corrections are under way as file \(id)") }
    return parts.joined(separator: "; ")
  }

  private var beginning: String {
    switch (corrected, rejected) {
    case (0, 1): "the rejected item was not corrected"
    case (1, 1): "the rejected item was corrected"
    case (0, _): "none of \(rejected) rejected items was corrected"
    case (1, _): "1 of \(rejected) rejected items was corrected"
    default: "\(corrected) of \(rejected) rejected items were corrected"
    }
  }

  package var json: JSONValue {
    JSONValue([
      "rejected": JSONValue(rejected), "corrected": JSONValue(corrected),
      "open": .array(
        open.map { part in
          JSONValue([
            "file": JSONValue(part.file.text), "rejects": JSONValue(part.rejectsFile), "items": JSONValue(part.items),
            "taken": .bool(part.isTaken),
          ])
        }), "underWay": .array(underWay.map { JSONValue($0.text) }),
    ])
  }
}

extension Corrections.Facts {
  /// Of a finished file.
  ///
  /// - Parameter folder: `outbox/rejected` of its inbox.
  package init(_ receipt: Receipt, rejected folder: String, correctedBy: [FileID]) {
    let isThere =
      receipt.rejectsFile.flatMap { FileName($0) }.map { InboxFolders.size(of: $0, in: folder) != nil } ?? false
    self.init(
      items: receipt.counts.items, accepted: receipt.counts.accepted, rejected: receipt.counts.rejected,
      rejectsFile: receipt.rejectsFile, isThere: isThere, isDone: true, correctedBy: correctedBy)
  }

  /// Of a file that has no receipt yet; `items` is 0 if it is not read.
  package init(underWay items: Int) {
    self.init(
      items: items, accepted: 0, rejected: 0, rejectsFile: nil, isThere: false, isDone: false, correctedBy: [])
  }
}

/// Which files correct which, as their names say.
package struct CorrectionLinks: Sendable {
  private let receipts: ReceiptFolders
  private let entries: [FileID: ReceiptFolders.Entry]
  private let correctedBy: [FileID: [FileID]]
  private let underWay: [(id: FileID, corrects: FileID, items: Int)]

  /// - Parameter underWay: files without a receipt that correct others.
  /// - Throws: `InboxError` if a folder can't be listed.
  package init(
    _ receipts: ReceiptFolders, underWay: [(id: FileID, corrects: FileID, items: Int)] = []
  ) throws {
    self.receipts = receipts
    self.underWay = underWay
    var entries: [FileID: ReceiptFolders.Entry] = [:]
    var correctedBy: [FileID: [FileID]] = [:]
    let all = try receipts.entries()
    for entry in all {
      guard let corrects = RejectsFileName(Array(entry.name.utf8))?.corrects else { continue }
      entries[entry.id] = entry
      correctedBy[corrects, default: []].append(entry.id)
    }
    for file in underWay where entries[file.id] == nil { correctedBy[file.corrects, default: []].append(file.id) }
    for entry in all where correctedBy[entry.id] != nil { entries[entry.id] = entry }
    self.entries = entries
    self.correctedBy = correctedBy
  }

  /// How many items of the file's own rejects file are open: each item counts in one file only, where somebody has to
  /// correct it.
  package func openItems(of receipt: Receipt) -> Int {
    var first = receipt
    var seen: Set = [receipt.file.id]
    // Items of a rejects file may have been corrected by another one of the same first file.
    while let id = first.file.corrects, id < first.file.id, seen.insert(id).inserted, let entry = entries[id],
      let earlier = try? receipts.receipt(in: entry), earlier.error == nil
    {
      first = earlier
    }
    return corrections(of: first)?.openItems(in: receipt.file.id) ?? 0
  }

  /// Nil for a file without rejected items, or one that could not be used.
  package func corrections(of receipt: Receipt) -> Corrections? {
    guard receipt.error == nil else { return nil }
    return Corrections(of: receipt.file.id) { id in
      if id == receipt.file.id { return facts(receipt) }
      if let entry = entries[id] { return (try? receipts.receipt(in: entry)).map(facts) }
      return underWay.first { $0.id == id }.map { Corrections.Facts(underWay: $0.items) }
    }
  }

  private func facts(_ receipt: Receipt) -> Corrections.Facts {
    Corrections.Facts(
      receipt, rejected: receipts.rejected(of: receipt.file.inbox), correctedBy: correctedBy[receipt.file.id] ?? [])
  }
}
