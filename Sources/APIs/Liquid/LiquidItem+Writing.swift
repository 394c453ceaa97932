import JSONText

extension LiquidItem {
  /// Appends the item as sent to the API: without a rejects file's additions, with missing headers filled in.
  func append(_ item: Span<UInt8>, rules: LiquidRules, to piece: inout [UInt8]) {
    if isBareData {
      piece += rules.beforeBareData
      appendWithoutError(item, to: &piece)
      piece.append(UInt8(ascii: "}"))
      return
    }
    let missing = rules.members(besides: headers)
    if let headersValue, item.isObject(headersValue) {
      guard hasReceipt || !missing.isEmpty else { return appendWithoutError(item, to: &piece) }
      var filled: [UInt8] = []
      appendObject(item, headersValue, last: missing, to: &filled) { $0.isReceipt(in: item) ? .cut : .keep }
      append(item, headers: filled, to: &piece)
    } else if headersValue == nil, rules.hasDefaults {
      let first = Array(#""headers":{"#.utf8) + missing + "}".utf8
      appendObject(item, object, first: first, to: &piece) { $0.isCalled(RejectMarkers.error, in: item) ? .cut : .keep }
    } else {
      appendWithoutError(item, to: &piece)
    }
  }

  /// Appends the item in the form of a rejects file: as dropped, with a receipt in its headers, which must be an
  /// object.
  func append(_ item: Span<UInt8>, receipt message: String, to out: inout [UInt8]) {
    guard let headersValue else { return }
    var receipt = Array(#""receiptType":"Error","receiptMessage":"#.utf8)
    appendQuoted(message.cut(to: String.longestMessage), to: &receipt)
    var filled: [UInt8] = []
    appendObject(item, headersValue, first: receipt, to: &filled) { $0.isReceipt(in: item) ? .cut : .keep }
    append(item, headers: filled, to: &out)
  }

  private func append(_ item: Span<UInt8>, headers filled: [UInt8], to out: inout [UInt8]) {
    appendObject(item, object, to: &out) { member in
      if member.isCalled(RejectMarkers.error, in: item) { return .cut }
      return member.value == headersValue ? .replace(filled) : .keep
    }
  }

  private func appendWithoutError(_ item: Span<UInt8>, to piece: inout [UInt8]) {
    guard isAnnotated else { return item.append(object, to: &piece) }
    appendObject(item, object, to: &piece) { $0.isCalled(RejectMarkers.error, in: item) ? .cut : .keep }
  }
}

extension JSONMember {
  /// Whether it is a header that a rejects file added.
  fileprivate func isReceipt(in item: Span<UInt8>) -> Bool {
    RejectMarkers.receipt.contains { isCalled($0, in: item) }
  }
}
