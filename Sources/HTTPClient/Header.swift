/// One field of a request or an answer.
package struct Header: Hashable, Sendable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

extension Header {
  /// Whether nothing in it can end the field early and start another (RFC 9110, 5.1 and 5.5).
  var isWellFormed: Bool { Self.isToken(name) && Self.isPlain(value) }

  /// A name or a method: RFC 9110, 5.6.2.
  static func isToken(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }

  /// Whether it contains no control character except tabs.
  static func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == UInt8(ascii: "\t") }
  }
}

extension [Header] {
  /// The fields of a head as received: a status line, then one line per field, CRLF or LF after each.
  init(head: UnsafeRawBufferPointer) {
    self = []
    for line in head.split(separator: UInt8(ascii: "\n")).dropFirst() {
      let text = Substring(decoding: line, as: UTF8.self)
      if let first = line.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t"), !isEmpty {
        // An old server's folded line continues the value above (RFC 9112, 5.2).
        self[count - 1].value += " " + text.trimmed
      } else if let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) {
        append(Header(String(text[..<colon]), text[text.utf8.index(after: colon)...].trimmed))
      }
    }
  }

  /// The first field of that name, ignoring case.
  package subscript(name: String) -> String? {
    first { $0.name.utf8.count == name.utf8.count && $0.name.lowercased() == name.lowercased() }?.value
  }
}

extension Substring {
  /// Without the white space that may surround a header field's value.
  fileprivate var trimmed: String {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d }
    guard let first = utf8.firstIndex(where: { !isSpace($0) }), let last = utf8.lastIndex(where: { !isSpace($0) })
    else { return "" }
    return String(self[first...last])
  }
}
