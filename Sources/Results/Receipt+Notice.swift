internal import Core
internal import Engine
internal import Receipts

extension Receipt {
  /// The notice about a file that is done.
  ///
  /// - Parameter text: this receipt without its batches, as JSON.
  func notice(_ text: String) -> Notice {
    let event: Notice.Event =
      switch status {
      case .accepted: .accepted
      case .partial: .partial
      case .rejected: .rejected
      }
    let outcome =
      if let error {
        "could not be used (\(error.code.rawValue)); nothing of it was sent"
      } else if counts.rejected == 0 {
        "was accepted, with \(counted(counts.items, "item"))"
      } else {
        "is done, with \(counts.rejected) of \(counted(counts.items, "item")) rejected"
      }
    return Notice(
      event, at: file.completedAt, inbox: file.inbox, target: target?.name, file: file.id,
      message: "file \"\(file.name)\" in inbox \"\(file.inbox)\" \(outcome)", receipt: text)
  }
}
