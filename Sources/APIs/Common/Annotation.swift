import Core
import JSONText

/// The reason that a rejects file attaches to an item.
struct Annotation {
  var code: RejectCode
  var message: String
  /// The item's number in its file, from 1.
  var number: Int

  /// `{"code": …, "message": …, "item": …}`
  private var json: [UInt8] {
    var text: [UInt8] = []
    text += #"{"code":"#.utf8
    appendQuoted(code.rawValue, to: &text)
    text += #","message":"#.utf8
    appendQuoted(message.cut(to: String.longestMessage), to: &text)
    text += #","item":\#(number)}"#.utf8
    return text
  }

  private var member: [UInt8] { Array(#""_error":"#.utf8) + json }

  /// Appends `item` with `_error` first, replacing an older one.
  ///
  /// A non-object goes into `_raw` next to it: a JSON value as written, anything else as a string.
  func append(to out: inout [UInt8], addingTo item: Span<UInt8>, isJSON: Bool) {
    if isJSON, item.isJSONObject {
      return appendObject(item, item.trimmed, first: member, to: &out) {
        $0.isCalled(RejectMarkers.error, in: item) ? .cut : .keep
      }
    }
    out.append(UInt8(ascii: "{"))
    out += member
    out += #","_raw":"#.utf8
    if isJSON, (try? item.checkIsJSON(maxNesting: .max)) != nil {
      item.append(item.trimmed, to: &out)
    } else {
      appendQuoted(item, to: &out)
    }
    out.append(UInt8(ascii: "}"))
  }
}

/// What to do with one member when an object is copied.
enum MemberEdit {
  case keep
  case cut
  /// Another value, as JSON text.
  case replace([UInt8])
}

/// Appends a copy of the object at `object` (no white space around it) with some members changed and everything else
/// byte for byte.
///
/// White space belongs to the member it surrounds, so adding a member with `first` and removing it again restores the
/// object exactly.
/// - Parameter first: members to put first, as JSON text without a trailing comma; may be empty.
/// - Parameter last: members to put last.
func appendObject(
  _ bytes: Span<UInt8>, _ object: Range<Int>, first: [UInt8] = [], last: [UInt8] = [], to out: inout [UInt8],
  _ edit: (JSONMember) -> MemberEdit
) {
  let end = object.upperBound - 1
  let comma = UInt8(ascii: ",")
  out.append(UInt8(ascii: "{"))
  out += first
  var isEmpty = first.isEmpty
  // The start of the member after the last comma, including white space.
  var begin = object.lowerBound + 1
  // White space after the last remaining member; written late, since `last` goes before it.
  var space = begin..<begin
  var hasMembers = false
  forEachMember(of: bytes, in: object) { member in
    hasMembers = true
    let after = afterSpace(bytes, from: member.whole.upperBound)
    let edited = edit(member)
    defer { begin = min(after + 1, end) }
    if case .cut = edited {
      if isEmpty || after == end, space.isEmpty { space = member.whole.upperBound..<after }
      return
    }
    if !isEmpty {
      bytes.append(space, to: &out)
      out.append(comma)
    }
    isEmpty = false
    space = member.whole.upperBound..<after
    if case .replace(let value) = edited {
      bytes.append(begin..<member.value.lowerBound, to: &out)
      out += value
    } else {
      bytes.append(begin..<member.whole.upperBound, to: &out)
    }
  }
  if !hasMembers { space = begin..<end }
  if !last.isEmpty {
    if !isEmpty { out.append(comma) }
    out += last
  }
  bytes.append(space, to: &out)
  out.append(UInt8(ascii: "}"))
}
