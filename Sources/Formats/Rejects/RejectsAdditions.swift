import JSONText

/// A rejects file's additions to a JSON item: their bytes do not count against the limit, since an item that fitted
/// before must still fit with them.
enum RejectsAdditions {
  /// How many bytes beyond the limit are kept until it is known whether they are additions; a message has 1,000
  /// characters.
  static let slack = 64 << 10

  /// The bytes of the `additions` (`ReaderLimits`) in the JSON object `item`, including a comma for each.
  static func bytes(in item: Span<UInt8>, _ additions: [[String]]) -> Int {
    bytes(of: item, in: 0..<item.count, additions.map { $0[...] })
  }

  private static func bytes(of item: Span<UInt8>, in range: Range<Int>, _ additions: [ArraySlice<String>]) -> Int {
    let object = afterSpace(item, from: range.lowerBound)..<range.upperBound
    guard !object.isEmpty, item[object.lowerBound] == UInt8(ascii: "{") else { return 0 }
    var count = 0
    forEachMember(of: item, in: object) { member in
      let named = additions.filter { path in path.first.map { member.isCalled($0, in: item) } ?? false }
      if named.contains(where: { $0.count == 1 }) {
        count += member.bytesWithComma
      } else if !named.isEmpty {
        count += bytes(of: item, in: member.value, named.map { $0.dropFirst() })
      }
    }
    return count
  }
}

extension JSONMember {
  fileprivate func isCalled(_ text: String, in bytes: Span<UInt8>) -> Bool {
    equals(bytes, name, text, hasEscapes: nameHasEscapes)
  }

  /// Counted from the name's quote on.
  fileprivate var bytesWithComma: Int { value.upperBound - name.lowerBound + 2 }
}
