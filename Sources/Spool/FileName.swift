import Glibc

/// The name of one file in a folder, byte for byte as the kernel has it.
///
/// Linux file names are bytes, not text: anything but `/` and NUL, 1 to 255 of them.
package struct FileName: Hashable, Sendable {
  package let bytes: [UInt8]

  /// The longest name that Linux filesystems take, in bytes.
  package static let longest = 255

  /// Nil if it can't name a file in a folder: empty, over 255 bytes, `.`, `..`, or with a `/` or NUL in it.
  package init?(bytes: some Collection<UInt8>) {
    guard (1...Self.longest).contains(bytes.count), !bytes.contains(UInt8(ascii: "/")), !bytes.contains(0) else {
      return nil
    }
    let bytes = [UInt8](bytes)
    guard bytes != [UInt8(ascii: ".")], bytes != [UInt8(ascii: "."), UInt8(ascii: ".")] else { return nil }
    self.bytes = bytes
  }

  package init?(_ text: String) { self.init(bytes: text.utf8) }

  /// For names that the kernel supplied, or that are composed of such names and short enough.
  init(known bytes: [UInt8]) { self.bytes = bytes }

  /// The name as text, for people, receipts and result names: a byte that is not part of UTF-8 is written `%FF`.
  package var display: String {
    String(validating: bytes, as: UTF8.self) ?? displayed(within: .max)
  }

  /// As much of `display` as fits `limit` bytes, cut between characters.
  func displayed(within limit: Int) -> String {
    var text = ""
    var rest = bytes[...]
    while let first = rest.first {
      let length = Self.sequenceLength(startingWith: first)
      let scalar = String(validating: rest.prefix(length), as: UTF8.self)
      // An incomplete sequence counts for its first byte only; what follows may be complete.
      let piece = scalar ?? "%" + (first < 16 ? "0" : "") + String(first, radix: 16, uppercase: true)
      guard text.utf8.count + piece.utf8.count <= limit else { break }
      text += piece
      rest = rest.dropFirst(scalar == nil ? 1 : length)
    }
    return text
  }

  /// The length in bytes of the UTF-8 sequence that begins with this byte (RFC 3629, section 3).
  private static func sequenceLength(startingWith byte: UInt8) -> Int {
    switch byte {
    case 0xc2...0xdf: 2
    case 0xe0...0xef: 3
    case 0xf0...0xf4: 4
    default: 1
    }
  }

  package static func == (a: FileName, b: FileName) -> Bool { a.bytes == b.bytes }

  /// Feeds the bytes in one go; `[UInt8]`'s own hash feeds them one at a time, which is noticeable with ten thousand
  /// names.
  package func hash(into hasher: inout Hasher) {
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
  }
}

extension FileName: Comparable {
  /// By bytes, as unsigned numbers; a prefix comes first.
  package static func < (a: FileName, b: FileName) -> Bool {
    a.bytes.withUnsafeBytes { first in
      b.bytes.withUnsafeBytes { second in
        guard let start = first.baseAddress, let other = second.baseAddress else { return first.count < second.count }
        let order = memcmp(start, other, min(first.count, second.count))
        return order == 0 ? first.count < second.count : order < 0
      }
    }
  }
}

extension FileName {
  /// The name, NUL-terminated, for a system call that takes names from an open folder.
  func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { buffer in
      for (place, byte) in bytes.enumerated() { buffer.initializeElement(at: place, to: CChar(bitPattern: byte)) }
      buffer.initializeElement(at: bytes.count, to: 0)
      // A temporary allocation of at least one element always has an address.
      return body(UnsafePointer(buffer.baseAddress.unsafelyUnwrapped))
    }
  }

  /// The file's path, NUL-terminated, for a system call.
  func path(in folder: String) -> [CChar] {
    var path = [CChar]()
    path.reserveCapacity(folder.utf8.count + bytes.count + 2)
    path.append(contentsOf: folder.utf8.lazy.map { CChar(bitPattern: $0) })
    path.append(CChar(UInt8(ascii: "/")))
    path.append(contentsOf: bytes.lazy.map { CChar(bitPattern: $0) })
    path.append(0)
    return path
  }
}
