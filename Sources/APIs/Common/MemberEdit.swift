import JSONText

/// What becomes of one member when an object is copied.
enum MemberEdit {
  case keep
  case cut
  /// Another value, as JSON text.
  case replace([UInt8])
}

/// Appends a copy of the object at `object` (no white space around it) with some members changed, all else byte for byte.
///
/// White space goes with the member it stands around; so a member that was put in by `first` and is cut again leaves the
/// object as it had been.
/// - Parameter first: members that come to stand first, as JSON text without a comma at the end; may be empty.
/// - Parameter last: members that come to stand last.
func appendObject(
  _ bytes: Span<UInt8>, _ object: Range<Int>, first: [UInt8] = [], last: [UInt8] = [], to out: inout [UInt8],
  _ edit: (JSONMember) -> MemberEdit
) {
  let end = object.upperBound - 1
  let comma = UInt8(ascii: ",")
  out.append(UInt8(ascii: "{"))
  out += first
  var isEmpty = first.isEmpty
  // Where the member after the last comma, white space included, begins.
  var begin = object.lowerBound + 1
  // White space after the last member that stays; written late, since `last` goes before it.
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
