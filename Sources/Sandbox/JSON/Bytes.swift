import Glibc

extension [UInt8] {
  /// Whether the bytes from `start` up to `end` are `text`.
  func holds(_ text: StaticString, from start: Int, to end: Int) -> Bool {
    guard end - start == text.utf8CodeUnitCount, start >= 0, end <= count else { return false }
    return withUnsafeBufferPointer { bytes in
      bytes.baseAddress.map { memcmp($0 + start, text.utf8Start, end - start) == 0 } ?? false
    }
  }

  func isEqual(to other: ArraySlice<UInt8>) -> Bool {
    guard count == other.count else { return false }
    return withUnsafeBufferPointer { mine in
      other.withUnsafeBufferPointer { theirs in
        guard let mine = mine.baseAddress, let theirs = theirs.baseAddress else { return true }
        return memcmp(mine, theirs, count) == 0
      }
    }
  }
}
