// The content of JSON strings: the text between the quotes, in text that `JSONScanner` has validated.

/// The text that string content represents; a lone surrogate becomes U+FFFD.
package func stringContent(_ bytes: Span<UInt8>, _ content: Range<Int>) -> String {
  var text: [UInt8] = []
  text.reserveCapacity(content.count)
  unescape(bytes, content, to: &text)
  return String(decoding: text, as: UTF8.self)
}

/// How many UTF-16 code units the text of string content has.
package func utf16Length(of bytes: Span<UInt8>, _ content: Range<Int>) -> Int {
  var i = content.lowerBound
  var units = 0
  while i < content.upperBound {
    let byte = bytes[i]
    if byte == UInt8(ascii: "\\") {
      i += i + 1 < content.upperBound && bytes[i + 1] == UInt8(ascii: "u") ? 6 : 2
      units += 1
      continue
    }
    // Continuation bytes do not count; a four-byte sequence is a surrogate pair.
    if byte & 0xC0 != 0x80 { units += byte >= 0xF0 ? 2 : 1 }
    i += 1
  }
  return units
}

/// Whether string content represents exactly `name`, scalar by scalar.
package func equals(_ bytes: Span<UInt8>, _ content: Range<Int>, _ name: String, hasEscapes: Bool) -> Bool {
  if hasEscapes {
    return stringContent(bytes, content).utf8.elementsEqual(name.utf8)
  }
  guard content.count == name.utf8.count else { return false }
  var i = content.lowerBound
  for byte in name.utf8 {
    guard bytes[i] == byte else { return false }
    i += 1
  }
  return true
}

/// Appends `text` as a JSON string with its quotes. Escapes only what JSON requires, and characters that would end a
/// line, control a terminal or reverse the text direction when displayed.
package func appendQuoted(_ text: String, to target: inout [UInt8]) {
  var text = text
  text.withUTF8 { appendQuoted($0.span, to: &target) }
}

/// Appends `bytes` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
package func appendQuoted(_ bytes: Span<UInt8>, to target: inout [UInt8]) {
  target.append(UInt8(ascii: "\""))
  var i = 0
  while i < bytes.count {
    let plain = bytes.endOfPlainText(from: i)
    bytes.append(i..<plain, to: &target)
    i = plain
    guard i < bytes.count else { break }
    let byte = bytes[i]
    if byte >= 0x80 {
      let end = endOfSequence(bytes, at: i)
      if !end.isWhole {
        target += "\u{FFFD}".utf8
      } else if let escape = escapeOfInvisible(bytes, i..<end.index) {
        target += escape.utf8
      } else {
        bytes.append(i..<end.index, to: &target)
      }
      i = end.index
      continue
    }
    switch byte {
    case UInt8(ascii: "\""): target += #"\""#.utf8
    case UInt8(ascii: "\\"): target += #"\\"#.utf8
    case 0x08: target += #"\b"#.utf8
    case 0x09: target += #"\t"#.utf8
    case 0x0A: target += #"\n"#.utf8
    case 0x0C: target += #"\f"#.utf8
    case 0x0D: target += #"\r"#.utf8
    default: appendControl(byte, to: &target)
    }
    i += 1
  }
  target.append(UInt8(ascii: "\""))
}

/// By digit, not through a `String`: a hostile line of a gigabyte may consist of nothing else.
private func appendControl(_ byte: UInt8, to target: inout [UInt8]) {
  let low = byte & 0x0F
  target += #"\u00"#.utf8
  target.append(UInt8(ascii: "0") + byte >> 4)
  target.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") - 10 + low)
}

/// The escape of an invisible character with an effect: C1 controls, line and paragraph separators, Unicode's
/// Bidi_Control (PropList.txt); nil for all others.
private func escapeOfInvisible(_ bytes: Span<UInt8>, _ sequence: Range<Int>) -> String? {
  guard sequence.count < 4, [0xC2, 0xD8, 0xE2].contains(bytes[sequence.lowerBound]) else { return nil }
  let scalar = sequence.dropFirst().reduce(UInt32(bytes[sequence.lowerBound]) & (sequence.count == 2 ? 0x1F : 0x0F)) {
    $0 << 6 | UInt32(bytes[$1] & 0x3F)
  }
  switch scalar {
  case 0x80...0x9F: return "\\u00" + String(scalar, radix: 16)
  case 0x61C: return "\\u061c"
  case 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: return "\\u" + String(scalar, radix: 16)
  default: return nil
  }
}

/// The end of the UTF-8 sequence at `start`, or of its longest part that is not ill-formed (at least one byte).
private func endOfSequence(_ bytes: Span<UInt8>, at start: Int) -> (index: Int, isWhole: Bool) {
  if bytes[start] < 0x80 { return (start + 1, true) }
  guard var scan = CharacterScan(lead: bytes[start]) else { return (start + 1, false) }
  var i = start + 1
  while i < bytes.count {
    switch scan.take(bytes[i]) {
    case .whole: return (i + 1, true)
    case .broken: return (i, false)
    case .more: i += 1
    }
  }
  return (i, false)
}

private func unescape(_ bytes: Span<UInt8>, _ content: Range<Int>, to text: inout [UInt8]) {
  let end = content.upperBound
  var i = content.lowerBound
  while i < end {
    let backslash = min(bytes.quoteOrBackslash(from: i), end)
    bytes.append(i..<backslash, to: &text)
    guard backslash + 1 < end else { return }
    i = backslash + 2
    switch bytes[backslash + 1] {
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var value = hexadecimal(bytes, from: i, to: end)
      i = min(i + 4, end)
      if value >> 10 == 0xD800 >> 10, i + 6 <= end, bytes[i] == UInt8(ascii: "\\"), bytes[i + 1] == UInt8(ascii: "u") {
        let low = hexadecimal(bytes, from: i + 2, to: end)
        if low >> 10 == 0xDC00 >> 10 {
          value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF
          i += 6
        }
      }
      text += String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8
    case let other: text.append(other)
    }
  }
}

private func hexadecimal(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> UInt32 {
  var value: UInt32 = 0
  for i in start..<min(start + 4, end) {
    let byte = bytes[i]
    value = value << 4 | UInt32(byte <= UInt8(ascii: "9") ? byte & 0x0F : byte & 0x0F + 9)
  }
  return value
}
