internal import Crypto

/// The SHA-256 of the bytes as they come from the disk.
package struct Digest: Sendable {
  private var hasher = SHA256()
  package private(set) var count = 0

  package init() {}

  package mutating func update(_ bytes: Span<UInt8>) {
    count += bytes.count
    bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
  }

  package var hexadecimal: String {
    hasher.finalize().map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }.joined()
  }
}
