internal import Foundation
internal import GRDB

/// Values in PostgreSQL's binary formats.
enum PostgresValue {
  /// Numbers of types (<https://www.postgresql.org/docs/15/catalog-pg-type.html>; `pg_type.dat` has them).
  private enum OID {
    static let bool: UInt32 = 16
    static let bytes: UInt32 = 17
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let double: UInt32 = 701
    static let numeric: UInt32 = 1700
  }

  /// Appends an argument.
  ///
  /// - Returns: where it is, and its type; nil for NULL, whose type the server finds.
  static func append(_ value: DatabaseValue, to bytes: inout [UInt8]) -> (range: Range<Int>, type: UInt32)? {
    let start = bytes.count
    let type: UInt32
    switch value.storage {
    case .null: return nil
    case .int64(let number):
      withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
      type = OID.int8
    case .double(let number):
      withUnsafeBytes(of: number.bitPattern.bigEndian) { bytes.append(contentsOf: $0) }
      type = OID.double
    case .string(let text):
      // A text in PostgreSQL can't hold U+0000.
      for byte in text.utf8 {
        if byte == 0 { bytes.append(contentsOf: "\u{2400}".utf8) } else { bytes.append(byte) }
      }
      type = OID.text
    case .blob(let data):
      bytes.append(contentsOf: data)
      type = OID.bytes
    }
    return (start..<bytes.count, type)
  }

  static func value(_ bytes: UnsafeRawBufferPointer, type: UInt32) -> DatabaseValue {
    switch type {
    case OID.bool, OID.int2, OID.int4, OID.int8: integer(bytes).databaseValue
    case OID.bytes: Data(bytes).databaseValue
    case OID.numeric: numeric(bytes).databaseValue
    case OID.double: Double(bitPattern: UInt64(bitPattern: integer(bytes))).databaseValue
    default: String(decoding: bytes, as: UTF8.self).databaseValue
    }
  }

  /// A signed number of 1 to 8 bytes, the highest first.
  private static func integer(_ bytes: UnsafeRawBufferPointer) -> Int64 {
    guard let first = bytes.first else { return 0 }
    return bytes.dropFirst().reduce(Int64(Int8(bitPattern: first))) { $0 << 8 | Int64($1) }
  }

  /// A sum, which has no fraction: digits of four decimals each, the highest first (`numeric_send` in `numeric.c`). One that
  /// does not fit becomes the greatest number.
  private static func numeric(_ bytes: UnsafeRawBufferPointer) -> Int64 {
    guard bytes.count >= 8 else { return 0 }
    func word(_ place: Int) -> Int64 { Int64(bytes[place * 2]) << 8 | Int64(bytes[place * 2 + 1]) }
    let count = Int(word(0))
    let weight = Int(Int16(truncatingIfNeeded: word(1)))
    guard weight >= 0, bytes.count >= 8 + count * 2 else { return 0 }
    var sum: Int64 = 0
    for digit in 0...weight {
      let (product, isTooLarge) = sum.multipliedReportingOverflow(by: 10_000)
      let (next, overflows) = product.addingReportingOverflow(digit < count ? word(4 + digit) : 0)
      if isTooLarge || overflows { return word(2) == 0x4000 ? .min : .max }
      sum = next
    }
    return word(2) == 0x4000 ? -sum : sum
  }
}
