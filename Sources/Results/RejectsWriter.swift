internal import APIs
internal import Core
internal import Engine
internal import Formats
internal import Outbox
internal import Spool

/// Writes a file's rejected items in the format in which they were dropped, each with its reason, so that they can be
/// corrected and dropped again.
struct RejectsWriter {
  let outbox: Outbox
  let file: FileRecord
  let type: FileType
  let shape: DocumentShape
  let api: any TargetAPI
  let content: FileContent
  /// Items up to this size are held in memory while their reason is inserted.
  let maxItemBytes: Int
  /// The key that made the tags of the checked items.
  let key: SourceKey
  /// Called every few hundred items, and for each piece of a huge one; an error that it throws ends the writing.
  let onProgress: () throws -> Void

  /// Leaves publishing to the caller.
  ///
  /// - Returns: for how many items the claimed file no longer holds what was checked.
  /// - Throws: `InboxError`, `OutboxError`, `ReadError`.
  func write(to result: ResultFile) throws -> Int {
    let facts = file.facts
    return try type.format.writeRejects(
      from: content,
      RejectsWork(
        output: result, shape: shape, layout: facts.dialect, headerTag: facts.headerTag, delimiter: facts.delimiter,
        key: key, maxItemBytes: maxItemBytes,
        page: { [outbox, file] in try outbox.rejects(file.id, after: $0, limit: 500).map(RejectedItem.init) },
        annotate: { [api] text, isJSON, item in
          var annotated: [UInt8] = []
          api.annotate(
            text, isJSON: isJSON, code: item.fault.code, message: item.fault.message, number: item.number,
            into: &annotated)
          return annotated
        }, onProgress: onProgress))
  }
}

extension RejectedItem {
  fileprivate init(_ reject: Reject) {
    self.init(
      number: reject.item, line: reject.line, source: reject.source,
      fault: ItemFault(RejectCode(rawValue: reject.code) ?? .invalidItem, reject.message), tag: reject.tag)
  }
}

extension ResultFile: RejectsOutput {
  package func append(_ bytes: [UInt8]) throws { try append(bytes[...]) }
}
