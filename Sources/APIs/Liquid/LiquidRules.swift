import Core
import JSONText

/// A route's `item` (`ItemDefaults`), prepared for use with every item.
struct LiquidRules: Sendable {
  static let actions = ["Create", "Merge", "Update", "Delete"]

  /// Whether the route has an `item` at all: if so, an object without headers is taken as the data.
  let hasDefaults: Bool
  let type: String?
  let hasKnownAction: Bool
  let keyFields: [KeyField]
  /// The text before data that comes without headers.
  let beforeBareData: [UInt8]
  /// The default headers, each as JSON text with its name (`"type":"Account"`).
  private let members: PerHeader<[UInt8]>

  struct KeyField: Sendable {
    let name: String
    let bytes: [UInt8]
  }

  init(_ defaults: ItemDefaults?) {
    hasDefaults = defaults != nil
    type = defaults?.type
    hasKnownAction = defaults?.action.map(Self.actions.contains) ?? false
    keyFields = (defaults?.key ?? []).map { KeyField(name: $0, bytes: Array($0.utf8)) }
    var members = PerHeader<[UInt8]>()
    func add(_ header: LiquidHeader, _ value: String?) {
      guard let value else { return }
      var member = Array("\"\(header.rawValue)\":".utf8)
      appendQuoted(value, to: &member)
      members[header] = member
    }
    add(.category, defaults?.category)
    add(.type, defaults?.type)
    add(.action, defaults?.action)
    self.members = members
    let all = LiquidHeader.allCases.compactMap { members[$0] }
    beforeBareData = Array(#"{"headers":{"#.utf8) + all.joined(separator: ",".utf8) + #"},"data":"#.utf8
  }

  func hasDefault(_ header: LiquidHeader) -> Bool { members[header] != nil }

  /// The route's members for the headers that an item lacks, separated by commas.
  func members(besides present: PerHeader<Range<Int>>) -> [UInt8] {
    guard hasDefaults else { return [] }
    var text: [UInt8] = []
    for header in LiquidHeader.allCases where present[header] == nil {
      guard let member = members[header] else { continue }
      if !text.isEmpty { text.append(UInt8(ascii: ",")) }
      text += member
    }
    return text
  }

  func isKeyField(_ name: MemberName, _ item: Span<UInt8>) -> Bool {
    keyFields.contains { name.isCalled($0.bytes, in: item) }
  }

  /// Stores `value` in `key` if `name` is a key field's name.
  ///
  /// - Returns: the field's name if it already had a value.
  @inline(__always)
  func note(
    _ name: MemberName, _ value: Range<Int>, _ item: Span<UInt8>, in key: inout [Range<Int>?]
  ) -> String? {
    for place in key.indices where name.isCalled(keyFields[place].bytes, in: item) {
      defer { key[place] = value }
      if key[place] != nil { return keyFields[place].name }
    }
    return nil
  }
}
