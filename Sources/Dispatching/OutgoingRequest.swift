package import APIs
internal import CLinux
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

extension BatchVerdict {
  /// The same verdict with a reason that is safe to log: the API's words are left out if they repeat a word of what was
  /// sent.
  ///
  /// An API may put anything into its answer, even into a problem's title: a name, a key, the token. A reason quotes
  /// the API's own words in brackets.
  func redacted(about sent: [[UInt8]]) -> BatchVerdict {
    switch self {
    case .settled, .settledInPart: self
    case .split(let why): .split(why.withoutQuotes(of: sent))
    case .retry(let reason, let slowing): .retry(reason.withoutQuotes(of: sent), slowing: slowing)
    case .renewToken(let reason): .renewToken(reason.withoutQuotes(of: sent))
    case .hold(let reason): .hold(reason.withoutQuotes(of: sent))
    }
  }
}

extension String {
  /// Drops the bracketed text if one of its words occurs in one of these texts.
  func withoutQuotes(of sent: [[UInt8]]) -> String {
    guard let start = firstIndex(of: "("), let end = lastIndex(of: ")"), start < end else { return self }
    let words = self[index(after: start)..<end].split { !$0.isLetter && !$0.isNumber }
    let isQuote = words.contains { word in
      // JSON can spell other letters in several ways, so they can't be searched for. Shorter words, and the "code"
      // before one of the API's own numbers, reveal nothing.
      !word.utf8.allSatisfy { $0 < 0x80 } || word.utf8.count > 2 && word != "code" && sent.contains { $0.holds(word) }
    }
    guard isQuote else { return self }
    return self[..<start] + "(its message repeats sent data and is not shown)" + self[index(after: end)...]
  }
}

extension [UInt8] {
  fileprivate func holds(_ word: Substring) -> Bool {
    var word = String(word)
    return withUnsafeBytes { text in
      word.withUTF8 { clinux_holds(text.baseAddress, UInt(text.count), $0.baseAddress, UInt($0.count)) != 0 }
    }
  }
}
