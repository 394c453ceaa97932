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

  /// Appends the same as `spelledKey` in the usual case: each identifier is a plain string, or a property with a plain
  /// label. Reads no further than to the end of the identifiers, which must be unique.
  ///
  /// - Parameters:
  ///   - start: where the item starts in `piece`, which `prepare` made.
  ///   - layout: then describes this piece; describes none in any other case.
  /// - Returns: false, with nothing appended, in any other case.
  static func appendPlainKey(
    _ piece: Span<UInt8>, from start: Int, to text: inout [UInt8], noting layout: inout KeyLayout
  ) -> Bool {
    layout = KeyLayout()
    let before = text.count
    var noted = KeyLayout(from: start)
    var cursor = ItemCursor(at: afterSpace(piece, from: start))
    guard cursor.place < piece.count, cursor.isAtObject(piece) else { return false }
    cursor.enter()
    while let name = cursor.nextName(piece) {
      // A wrapper of a rejects file, or a spelling that has to be looked at more closely.
      guard !name.hasEscapes, name.content.isEmpty || piece[name.content.lowerBound] != UInt8(ascii: "_") else { break }
      guard name.isCalled("identifiers", in: piece) else {
        cursor.skipValue(piece)
        continue
      }
      guard cursor.isAtObject(piece) else { break }
      cursor.enter()
      var count = 0
      while let identifier = cursor.nextName(piece) {
        count += 1
        let name = identifier.content
        guard piece.isPlainText(name, atMost: 200), let label = plainLabel(piece, &cursor) else {
          text.removeSubrange(before...)
          return false
        }
        let words = text.count
        if text.count > before { text.append(contentsOf: ", ".utf8) }
        piece.append(name, to: &text)
        text.append(UInt8(ascii: "="))
        noted.note(label, isString: true, after: text[words...], in: piece)
        piece.append(label, to: &text)
      }
      if count <= 10, (1...400).contains(text.count - before) {
        noted.finish(at: cursor.place, in: piece)
        layout = noted
        return true
      }
      break
    }
    text.removeSubrange(before...)
    return false
  }

  /// The text of an identifier, with the cursor past it; nil if it is not a plain one.
  private static func plainLabel(_ piece: Span<UInt8>, _ cursor: inout ItemCursor) -> Range<Int>? {
    func plain(_ value: Range<Int>) -> Range<Int>? {
      piece.isPlainText(value.content, atMost: 200) ? value.content : nil
    }
    if cursor.isAtString(piece) { return plain(cursor.skipValue(piece)) }
    guard cursor.isAtObject(piece) else { return nil }
    cursor.enter()
    var label: Range<Int>?
    while let name = cursor.nextName(piece) {
      guard name.isCalled("value", in: piece) else {
        cursor.skipValue(piece)
        continue
      }
      guard label == nil, cursor.isAtObject(piece) else { return nil }
      cursor.enter()
      while let name = cursor.nextName(piece) {
        guard name.isCalled("labelValue", in: piece), label == nil, cursor.isAtString(piece) else { return nil }
        label = plain(cursor.skipValue(piece))
        if label == nil { return nil }
      }
    }
    return label
  }

  /// Calls `body` with each identifier and the value that distinguishes it: its label, or otherwise its whole value.
  private func forEachIdentifier(_ item: Span<UInt8>, _ body: (JSONMember, Range<Int>) -> Void) {
    guard let identifiers else { return }
    forEachMember(of: item, in: identifiers) { identifier in
      var shown = identifier.value
      if identifier.kind == .object {
        forEachMember(of: item, in: identifier.value) { member in
          guard member.isCalled("value", in: item) else { return }
          shown = member.value
          guard member.kind == .object else { return }
          forEachMember(of: item, in: member.value) { label in
            if label.isCalled("labelValue", in: item), !label.isNull { shown = label.value }
          }
        }
      }
      body(identifier, shown)
    }
  }
}
