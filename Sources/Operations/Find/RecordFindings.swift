package import Core
internal import JSONText

/// One place where a record was found.
package struct RecordFinding: Sendable, Equatable {
  /// Where it was found.
  package enum Source: String, Sendable {
    /// The list of accepted items.
    case results
    /// The receipt's first rejected items.
    case receipt
    /// The text is in the rejects file.
    case rejects
    /// The text is in the file itself.
    case original
    case queue
  }

  package var file: FileID
  /// As dropped.
  package var name: String
  package var inbox: String
  package var target: String?
  package var receivedAt: Timestamp
  /// Whoever had a hand in the file's bytes, the one who dropped it first; empty if it is not known.
  package var owners: [String]
  package var source: Source
  /// Nil where only the text was found.
  package var item: Int?
  /// In the dropped file; of `rejects`, in the rejects file.
  package var line: Int?
  package var key: String?
  /// `accepted`, `unchanged`, `rejected`, `waiting`; nil where it is not known.
  package var outcome: String?
  package var code: String?
  package var message: String?
  /// The sequence of the request in the receipt.
  package var batch: Int?
  package var requestID: String?
  /// How often its batch was sent, and how many of these requests got no clear answer.
  package var attempts: Int?
  package var unanswered: Int?
  /// Of the last one.
  package var sentAt: String?
  package var answeredAt: String?
  /// What the API calls the record.
  package var recordID: String?
  package var recordVersion: String?
  /// The file whose rejects this file corrects.
  package var corrects: FileID?
  /// Of a rejected item: the files that came of the rejects file. Whether they hold this item, and what became of it
  /// there, is a finding of its own.
  package var correctedBy: [FileID] = []

  init(
    file: FileID, name: String, inbox: String, target: String?, receivedAt: Timestamp, owners: [String],
    source: Source
  ) {
    self.receivedAt = receivedAt
    self.owners = owners
    self.file = file
    self.name = name
    self.inbox = inbox
    self.target = target
    self.source = source
  }

  fileprivate var json: JSONValue {
    JSONValue([
      "file": JSONValue(file.text), "name": JSONValue(name), "inbox": JSONValue(inbox), "target": JSONValue(target),
      "receivedAt": JSONValue(receivedAt.description), "owners": .array(owners.map { JSONValue($0) }),
      "source": JSONValue(source.rawValue), "item": number(item),
      "line": number(line), "key": JSONValue(key), "outcome": JSONValue(outcome), "code": JSONValue(code),
      "message": JSONValue(message), "batch": number(batch), "requestId": JSONValue(requestID),
      "attempts": number(attempts), "unanswered": number(unanswered),
      "sentAt": JSONValue(sentAt), "answeredAt": JSONValue(answeredAt), "apiId": JSONValue(recordID),
      "apiVersion": JSONValue(recordVersion), "corrects": JSONValue(corrects?.text),
      "correctedBy": .array(correctedBy.map { JSONValue($0.text) }),
    ])
  }

  private func number(_ value: Int?) -> JSONValue { value.map { JSONValue($0) } ?? .null }
}

/// All places where a record was found, and what was searched for it.
package struct RecordFindings: Sendable {
  package var key: String
  /// In the order of the drops.
  package var found: [RecordFinding] = []
  package var searched = Searched()
  /// What could not be searched, or not exactly.
  package var notes: [String] = []
  /// What should be readable and is not.
  package var unreadable: [String] = []

  package struct Searched: Sendable, Equatable {
    package var receipts = 0
    package var resultsFiles = 0
    package var rejectsFiles = 0
    package var originals = 0
    package var filesUnderWay = 0
  }

  /// What was searched, in a line.
  package var extent: String {
    "searched \(counted(searched.receipts, "receipt")), \(counted(searched.resultsFiles, "results file")), "
      + "\(counted(searched.rejectsFiles, "rejects file")), \(counted(searched.originals, "original")) and "
      + "\(counted(searched.filesUnderWay, "file")) under way"
  }

  package var json: [UInt8] {
    JSONValue([
      "key": JSONValue(key), "found": .array(found.map(\.json)),
      "searched": JSONValue([
        "receipts": JSONValue(searched.receipts), "resultsFiles": JSONValue(searched.resultsFiles),
        "rejectsFiles": JSONValue(searched.rejectsFiles), "originals": JSONValue(searched.originals),
        "filesUnderWay": JSONValue(searched.filesUnderWay),
      ]), "notes": .array(notes.map { JSONValue($0) }), "unreadable": .array(unreadable.map { JSONValue($0) }),
    ]).laidOut
  }
}
