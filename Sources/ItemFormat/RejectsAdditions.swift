import JSONText

/// What a rejects file adds to an item in JSON: bytes that don't count against the limit, since an item that fitted before
/// must fit with them.
enum RejectsAdditions {
  /// How many bytes beyond the limit are kept until it is known whether they were added; a message has 1,000 characters.
  static let slack = 64 << 10

  /// The bytes of `_error`, and of a Liquid item's receipt, in the JSON object `item`, with a comma each.
  static func bytes(in item: Span<UInt8>) -> Int {
    let object = afterSpace(item, from: 0)..<item.count
    guard !object.isEmpty, item[object.lowerBound] == UInt8(ascii: "{") else { return 0 }
    var count = 0
    forEachMember(of: item, in: object) { member in
      if member.isCalled("_error", in: item) {
        count += member.bytesWithComma
      } else if member.kind == .object, member.isCalled("headers", in: item) {
        forEachMember(of: item, in: member.value) { header in
          if header.isCalled("receiptType", in: item) || header.isCalled("receiptMessage", in: item) {
            count += header.bytesWithComma
          }
        }
      }
    }
    return count
  }
}

extension JSONMember {
  fileprivate func isCalled(_ text: String, in bytes: Span<UInt8>) -> Bool {
    equals(bytes, name, text, hasEscapes: nameHasEscapes)
  }

  /// From the name's quote on.
  fileprivate var bytesWithComma: Int { value.upperBound - name.lowerBound + 2 }
}
