/// A batch as it is queued: its body may be told in part by places in the claimed file.
package struct QueuedBatch: Sendable, Equatable {
  package var items: [BatchItem]
  package var body: QueuedBody

  package init(items: [BatchItem], body: QueuedBody) {
    self.items = items
    self.body = body
  }

  /// A batch with all its bytes.
  package init(_ batch: Batch) {
    items = batch.items
    body = QueuedBody(batch.body)
  }

  /// The batch with all its bytes, where nothing of it has to be looked up in the file.
  package var whole: Batch? { body.runs.isEmpty ? Batch(items: items, body: body.literals) : nil }
}
