/// A validating scanner for one JSON value that may arrive in pieces.
///
/// Strict RFC 8259: UTF-8 is checked in strings; control characters, leading zeros, trailing commas, comments and `NaN`
/// are rejected. Escapes of lone surrogates (`\uD800`) are accepted, as in the grammar. A piece may end at any byte.
/// Nesting costs one bit per level and no recursion; beyond `maxDepth` levels the text is rejected.
package struct JSONScanner: Sendable {
  /// 8 MiB of stack: a file of nothing but brackets must not exhaust the memory.
  package static let maxDepth = 1 << 26

  private enum State: Sendable {
    // Between tokens, where white space is allowed.
    case value
    case firstElement
    case firstName
    case name
    case colon
    case afterValue
    // Inside tokens.
    case string
    case escape
    case unicode
    case character
    case minus
    case zero
    case integer
    case point
    case fraction
    case exponent
    case exponentSign
    case exponentDigits
    case literal
    case done
  }

  private var state = State.value
  private var nesting = NestingStack()
  /// Whether the current string is a member's name.
  private var isName = false
  /// Hexadecimal digits that a `\u` still needs.
  private var hexDigitsLeft = 0
  /// The remaining bytes of a literal, the next one lowest.
  private var literalLeft: UInt32 = 0
  private var character = CharacterScan()
  /// Whether the current character is outside a string; it is rejected as soon as it is complete.
  private var isStray = false
  /// Bytes of the value consumed by earlier calls.
  private var consumed = 0

  package init() {}

  /// The deepest nesting of objects and arrays so far.
  package var deepest: Int { nesting.deepest }

  /// Bytes of a character that is still incomplete.
  package var unfinishedCharacterBytes: Int { state == .character ? character.taken : 0 }

  /// Consumes the bytes from `start` on, up to the value's end.
  ///
  /// White space before the value is skipped. A number at the top level ends only at a following byte, which is not
  /// consumed, or at `finish()`.
  /// - Returns: the index just past the value; nil if all bytes are consumed and more are needed.
  package mutating func scan(_ bytes: Span<UInt8>, from start: Int) throws(JSONFault) -> Int? {
    var i = start
    let end = bytes.count
    while i < end {
      switch state {
      case .string:
        i = bytes.endOfPlainText(from: i)
        guard i < end else { break }
        let byte = bytes[i]
        if byte == UInt8(ascii: "\"") {
          i &+= 1
          if isName {
            state = .colon
          } else if endValue() {
            return took(bytes, start, i)
          }
        } else if byte == UInt8(ascii: "\\") {
          i &+= 1
          state = .escape
        } else if byte < 0x20 {
          throw fault(start, i, "a control character (\(JSONFault.name(of: byte))) in a string: write it as an escape")
        } else if let next = CharacterScan.endOfCommonCharacter(bytes, at: i) {
          i = next
        } else {
          try beginCharacter(byte, start, i)
          i &+= 1
        }
      case .value, .firstElement:
        let byte = bytes[i]
        switch byte {
        case UInt8(ascii: "\""):
          isName = false
          state = .string
        case UInt8(ascii: "{"):
          try push(object: true, start, i)
          state = .firstName
        case UInt8(ascii: "["):
          try push(object: false, start, i)
          state = .firstElement
        case UInt8(ascii: "-"): state = .minus
        case UInt8(ascii: "0"): state = .zero
        case UInt8(ascii: "1")...UInt8(ascii: "9"): state = .integer
        // The rest of the literal, its first byte lowest: rue, alse, ull.
        case UInt8(ascii: "t"): beginLiteral(0x65_75_72)
        case UInt8(ascii: "f"): beginLiteral(0x65_73_6C_61)
        case UInt8(ascii: "n"): beginLiteral(0x6C_6C_75)
        case 0x20, 0x0A, 0x0D, 0x09: break
        case UInt8(ascii: "]") where state == .firstElement:
          nesting.pop()
          if endValue() { return took(bytes, start, i &+ 1) }
        default: try refuse(byte, start, i, expected: state == .value ? "a value" : "a value or ']'")
        }
        i &+= 1
      case .afterValue:
        let byte = bytes[i]
        if byte == UInt8(ascii: ",") {
          state = nesting.isInObject ? .name : .value
        } else if byte == (nesting.isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
          nesting.pop()
          if endValue() { return took(bytes, start, i &+ 1) }
        } else if !isSpace(byte) {
          try refuse(byte, start, i, expected: nesting.isInObject ? "',' or '}'" : "',' or ']'")
        }
        i &+= 1
      case .firstName, .name:
        let byte = bytes[i]
        if byte == UInt8(ascii: "\"") {
          isName = true
          state = .string
        } else if byte == UInt8(ascii: "}"), state == .firstName {
          nesting.pop()
          if endValue() { return took(bytes, start, i &+ 1) }
        } else if !isSpace(byte) {
          try refuse(
            byte, start, i, expected: state == .name ? "a member name in quotes" : "a member name in quotes or '}'")
        }
        i &+= 1
      case .colon:
        let byte = bytes[i]
        if byte == UInt8(ascii: ":") {
          state = .value
        } else if !isSpace(byte) {
          try refuse(byte, start, i, expected: "':'")
        }
        i &+= 1
      case .minus, .zero, .integer, .point, .fraction, .exponent, .exponentSign, .exponentDigits:
        if try !takeNumber(bytes, start, &i), endValue() { return took(bytes, start, i) }
      case .literal:
        guard bytes[i] == UInt8(truncatingIfNeeded: literalLeft) else {
          try refuse(bytes[i], start, i, expected: "true, false or null")
          i &+= 1
          break
        }
        i &+= 1
        literalLeft >>= 8
        if literalLeft == 0, endValue() { return took(bytes, start, i) }
      case .escape:
        switch bytes[i] {
        case UInt8(ascii: "u"):
          hexDigitsLeft = 4
          state = .unicode
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
          UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
          state = .string
        default: try refuse(bytes[i], start, i, expected: "one of \"\\/bfnrtu after a backslash")
        }
        i &+= 1
      case .unicode:
        guard isHexDigit(bytes[i]) else {
          try refuse(bytes[i], start, i, expected: "four hexadecimal digits after \\u")
          i &+= 1
          break
        }
        i &+= 1
        hexDigitsLeft &-= 1
        if hexDigitsLeft == 0 { state = .string }
      case .character:
        switch character.take(bytes[i]) {
        case .more: break
        case .whole:
          if isStray { throw fault(start, i &+ 1 &- character.taken, "a character that is only allowed in a string") }
          state = .string
        case .broken: throw encodingFault(start, i &- character.taken)
        }
        i &+= 1
      case .done: return took(bytes, start, i)
      }
    }
    consumed += end - start
    return nil
  }

  /// Signals that no more bytes follow.
  ///
  /// - Throws: a fault of kind `end` if the value is incomplete.
  package mutating func finish() throws(JSONFault) {
    switch state {
    case .done: return
    case .zero, .integer, .fraction, .exponentDigits:
      if endValue() { return }
    default: break
    }
    let place =
      switch state {
      case .string, .escape, .unicode: isName ? "inside a member name" : "inside a string"
      case .character: isStray ? "inside a character" : isName ? "inside a member name" : "inside a string"
      case .minus, .point, .exponent, .exponentSign: "inside a number"
      case .literal: "inside a literal"
      case .value where nesting.depth == 0: "before a value"
      default: nesting.isInObject ? "inside an object" : "inside an array"
      }
    throw JSONFault(.end, offset: consumed, reason: "the text ends \(place)")
  }

  /// Consumes bytes of a number; false if the byte at `i` no longer belongs to it.
  @inline(__always)
  private mutating func takeNumber(_ bytes: Span<UInt8>, _ start: Int, _ i: inout Int) throws(JSONFault) -> Bool {
    while i < bytes.count {
      let byte = bytes[i]
      let isDigit = byte &- UInt8(ascii: "0") < 10
      switch state {
      case .zero where isDigit: throw fault(start, i, "a number with a leading zero")
      case .integer, .zero, .fraction, .exponentDigits:
        if isDigit { break }
        if byte == UInt8(ascii: "."), state == .integer || state == .zero {
          state = .point
        } else if byte | 0x20 == UInt8(ascii: "e"), state != .exponentDigits {
          state = .exponent
        } else {
          return false
        }
      case .exponent where byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-"):
        state = .exponentSign
      default:
        guard isDigit else {
          try refuse(byte, start, i, expected: "a digit")
          i &+= 1
          return true
        }
        switch state {
        case .minus: state = byte == UInt8(ascii: "0") ? .zero : .integer
        case .point: state = .fraction
        default: state = .exponentDigits
        }
      }
      i &+= 1
    }
    return true
  }

  /// Moves to what follows a whole value; true if it was the outermost.
  @inline(__always)
  private mutating func endValue() -> Bool {
    if nesting.depth == 0 {
      state = .done
      return true
    }
    state = .afterValue
    return false
  }

  @inline(__always)
  private mutating func took(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
    consumed += end - start
    return end
  }

  @inline(__always)
  private mutating func push(object: Bool, _ start: Int, _ i: Int) throws(JSONFault) {
    nesting.push(object: object)
    if nesting.depth > Self.maxDepth {
      throw fault(start, i, "more than \(Self.maxDepth) levels of objects and arrays")
    }
  }

  @inline(__always)
  private mutating func beginLiteral(_ rest: UInt32) {
    literalLeft = rest
    state = .literal
  }

  private mutating func beginCharacter(_ byte: UInt8, _ start: Int, _ i: Int) throws(JSONFault) {
    guard let begun = CharacterScan(lead: byte) else { throw encodingFault(start, i) }
    character = begun
    state = .character
  }

  /// Rejects `byte`, unless it begins a character: then the following bytes decide whether the text is UTF-8 at all.
  @inline(never)
  private mutating func refuse(_ byte: UInt8, _ start: Int, _ i: Int, expected: String) throws(JSONFault) {
    if byte >= 0x80 {
      isStray = true
      return try beginCharacter(byte, start, i)
    }
    throw fault(start, i, JSONFault.reason(for: byte, expected: expected))
  }

  private func fault(_ start: Int, _ i: Int, _ reason: String) -> JSONFault {
    JSONFault(offset: consumed + i - start, reason: reason)
  }

  private func encodingFault(_ start: Int, _ i: Int) -> JSONFault {
    JSONFault.encoding(at: consumed + i - start)
  }
}

@inline(__always)
private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

private func isHexDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6 }
