package import Core
internal import Crypto

/// The SHA-256 of the bytes as they come from the disk, and their MD5 where a side file holds that.
package struct Digest: Sendable {
  private var hasher = SHA256()
  private var md5: Insecure.MD5?
  package private(set) var count = 0

  package init(withMD5: Bool = false) {
    if withMD5 { md5 = Insecure.MD5() }
  }

  package mutating func update(_ bytes: Span<UInt8>) {
    count += bytes.count
    bytes.withUnsafeBytes {
      hasher.update(bufferPointer: $0)
      md5?.update(bufferPointer: $0)
    }
  }

  /// The SHA-256.
  package var hexadecimal: String { Self.hexadecimal(hasher.finalize()) }

  /// Nil if it was not computed.
  package func hexadecimal(_ kind: ChecksumKind) -> String? {
    switch kind {
    case .sha256: hexadecimal
    case .md5: md5.map { Self.hexadecimal($0.finalize()) }
    }
  }

  private static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
    digest.map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }.joined()
  }
}
