package import APIs
package import Core

/// The body of one request, built from one batch or from several files' batches.
package struct OutgoingRequest {
  /// In the order in which they appear in the body, each as it is queued.
  let contents: [Batch]
  package let body: [UInt8]
  /// Where each item is in the body.
  let pieces: [Range<Int>]
  /// Suffixes added to the request ids of items, by their index in `pieces`.
  private let suffixes: [Int: (id: String, suffix: String)]

  /// A single batch is sent as it is queued, if the API accepts that. With several, request ids that occurred before
  /// get a suffix: `item-1.2` is `item-1` of the second batch.
  package init(_ contents: [Batch], api: any TargetAPI) {
    self.contents = contents
    var suffixes: [Int: (id: String, suffix: String)] = [:]
    if let only = contents.first, contents.count == 1, api.framing.isQueuedForm {
      body = only.body
      pieces = only.pieces ?? []
    } else {
      var body = api.framing.open
      var pieces: [Range<Int>] = []
      var ids: Set<String> = []
      for (index, content) in contents.enumerated() {
        for range in content.pieces ?? [] {
          if !pieces.isEmpty { body += api.framing.separator }
          let start = body.count
          let piece = content.body[range]
          if let id = api.requestID(ofPiece: piece), !ids.insert(id).inserted {
            var number = index + 1
            while !ids.insert("\(id).\(number)").inserted { number += contents.count }
            suffixes[pieces.count] = (id, ".\(number)")
            body += api.piece(piece, addingToRequestID: ".\(number)")
          } else {
            body += piece
          }
          pieces.append(start..<body.count)
        }
      }
      body += api.framing.close
      self.body = body
      self.pieces = pieces
    }
    self.suffixes = suffixes
  }

  /// Where the items of batch number `index` are among those of the request.
  func places(of index: Int) -> Range<Int> {
    let start = contents[..<index].reduce(0) { $0 + $1.items.count }
    return start..<start + contents[index].items.count
  }

  /// The request's verdicts on batch number `index`; their texts name the items as the file does.
  func verdicts(_ verdicts: [ItemVerdict], of index: Int) -> [ItemVerdict] {
    places(of: index).map { place in
      guard case .rejected(let code, let message) = verdicts[place], let (id, suffix) = suffixes[place] else {
        return verdicts[place]
      }
      return .rejected(code, message.replacing(id + suffix, with: id))
    }
  }
}
