import Core
import JSONText

/// The parts of a LUSID request needed to cut batches and to name it; `LusidCheck` examines all of it.
struct LusidRecord {
  /// Whether the item contains a rejects file's `_error`.
  private(set) var isAnnotated = false
  private var identifiers: Range<Int>?
  private var scope: Range<Int>?
  /// Whether a member that determines the order appears twice.
  private var isAmbiguous = false

  init(_ item: Span<UInt8>, object: Range<Int>) {
    forEachMember(of: item, in: object) { member in
      if member.isCalled(RejectMarkers.error, in: item) {
        isAnnotated = true
      } else if member.isCalled("identifiers", in: item) {
        if identifiers != nil { isAmbiguous = true }
        if member.kind == .object { identifiers = member.value }
      } else if member.isCalled("scope", in: item), !member.isNull {
        if scope != nil { isAmbiguous = true }
        scope = member.value
      }
    }
  }

  /// Nil if there are no identifiers, or they are ambiguous.
  func keyHash(_ item: Span<UInt8>) -> KeyHash? {
    var order = LusidOrder()
    forEachIdentifier(item) { order.add(item, name: $0.name, value: $1) }
    return isAmbiguous || order.suspectsRepeat ? nil : order.hash(item, scope: scope)
  }

  /// `InvestorRecord/ExternalIdentifier/ExternalIRId=IR_1`, several separated by commas; nil without identifiers.
  func spelledKey(_ item: Span<UInt8>) -> String? {
    var parts: [String] = []
    forEachIdentifier(item) { identifier, value in
      // Nobody would read more.
      guard parts.count < 10 else { return }
      parts.append("\(stringContent(item, identifier.name).cut(to: 200))=\(item.spelledValue(value))")
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ").cut(to: 400)
  }

  /// Calls `body` with each identifier and the value that distinguishes it: its label, or otherwise its whole value.
  private func forEachIdentifier(_ item: Span<UInt8>, _ body: (JSONMember, Range<Int>) -> Void) {
    guard let identifiers else { return }
    forEachMember(of: item, in: identifiers) { identifier in
      var told = identifier.value
      if identifier.kind == .object {
        forEachMember(of: item, in: identifier.value) { member in
          guard member.isCalled("value", in: item) else { return }
          told = member.value
          guard member.kind == .object else { return }
          forEachMember(of: item, in: member.value) { label in
            if label.isCalled("labelValue", in: item), !label.isNull { told = label.value }
          }
        }
      }
      body(identifier, told)
    }
  }
}
