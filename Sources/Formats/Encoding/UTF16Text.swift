/// UTF-16 with a known byte order (RFC 2781).
struct UTF16Text {
  let order: TextEncoding.ByteOrder

  /// Appends the text of `input`, as far as it fits into `room` bytes.
  func decode(_ input: Span<UInt8>, into output: inout [UInt8], upTo room: Int) -> DecodingStep {
    // A unit becomes at most three bytes, and a pair four.
    output.appendRaw(upTo: min(room, input.count / 2 * 3)) { target, limit, end in
      let raw = input.bytes
      let isBig = order == .big
      let notASCII: UInt64 = isBig ? 0x80FF_80FF_80FF_80FF : 0xFF80_FF80_FF80_FF80
      var at = 0
      while at &+ 2 <= input.count {
        // Four units at a time while all are ASCII.
        while at &+ 8 <= input.count, end &+ 4 <= limit {
          var word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
          guard word & notASCII == 0 else { break }
          if isBig { word &>>= 8 }
          word = (word | word &>> 8) & 0x0000_FFFF_0000_FFFF
          let four = UInt32(truncatingIfNeeded: word | word &>> 16)
          target.storeBytes(of: four.littleEndian, toByteOffset: end, as: UInt32.self)
          at &+= 8
          end &+= 4
        }
        // One of the next four is not ASCII.
        var left = 4
        while left > 0, at &+ 2 <= input.count {
          left &-= 1
          var size = 2
          var scalar = UInt32(unit(at: at, of: raw))
          if scalar & 0xF800 == 0xD800 {
            guard scalar < 0xDC00 else { return DecodingStep(taken: at, stop: .invalid) }
            guard at &+ 4 <= input.count else { return DecodingStep(taken: at, stop: .incomplete) }
            let low = UInt32(unit(at: at &+ 2, of: raw))
            guard low & 0xFC00 == 0xDC00 else { return DecodingStep(taken: at, stop: .invalid) }
            scalar = 0x10000 &+ (scalar & 0x3FF) &<< 10 &+ low & 0x3FF
            size = 4
          }
          guard target.storeUTF8(of: scalar, at: &end, upTo: limit) else {
            return DecodingStep(taken: at, stop: .outputFull)
          }
          at &+= size
        }
      }
      return DecodingStep(taken: at, stop: at < input.count ? .incomplete : .inputEnd)
    }
  }

  @inline(__always)
  private func unit(at offset: Int, of raw: RawSpan) -> UInt16 {
    let unit = raw.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)
    return order == .big ? UInt16(bigEndian: unit) : UInt16(littleEndian: unit)
  }
}

/// UTF-32 with a known byte order.
struct UTF32Text {
  let order: TextEncoding.ByteOrder

  /// Appends the text of `input`, as far as it fits into `room` bytes.
  func decode(_ input: Span<UInt8>, into output: inout [UInt8], upTo room: Int) -> DecodingStep {
    output.appendRaw(upTo: min(room, input.count)) { target, limit, end in
      let raw = input.bytes
      var at = 0
      while at + 4 <= input.count {
        let unit = raw.unsafeLoadUnaligned(fromByteOffset: at, as: UInt32.self)
        let scalar = order == .big ? UInt32(bigEndian: unit) : UInt32(littleEndian: unit)
        guard Unicode.Scalar(scalar) != nil else { return DecodingStep(taken: at, stop: .invalid) }
        guard target.storeUTF8(of: scalar, at: &end, upTo: limit) else {
          return DecodingStep(taken: at, stop: .outputFull)
        }
        at += 4
      }
      return DecodingStep(taken: at, stop: at < input.count ? .incomplete : .inputEnd)
    }
  }
}

extension MutableRawSpan {
  /// Stores the UTF-8 of a Unicode scalar value (RFC 3629, section 3); false if it ends after `limit`.
  ///
  /// Overwrites up to four bytes from `end`.
  @inline(__always)
  mutating func storeUTF8(of scalar: UInt32, at end: inout Int, upTo limit: Int) -> Bool {
    let bytes: UInt32
    let count: Int
    switch scalar {
    case ..<0x80:
      bytes = scalar
      count = 1
    case ..<0x800:
      bytes = 0x80C0 | scalar &>> 6 | (scalar & 0x3F) &<< 8
      count = 2
    case ..<0x10000:
      bytes = 0x80_80E0 | scalar &>> 12 | (scalar &>> 6 & 0x3F) &<< 8 | (scalar & 0x3F) &<< 16
      count = 3
    default:
      bytes =
        0x8080_80F0 | scalar &>> 18 | (scalar &>> 12 & 0x3F) &<< 8 | (scalar &>> 6 & 0x3F) &<< 16
        | (scalar & 0x3F) &<< 24
      count = 4
    }
    guard end &+ count <= limit else { return false }
    storeBytes(of: bytes.littleEndian, toByteOffset: end, as: UInt32.self)
    end &+= count
    return true
  }
}
