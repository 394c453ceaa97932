internal import CLinux
internal import Glibc

/// A text to be searched for in many bytes.
package struct ByteSearch: Sendable {
  package let text: [UInt8]

  package init(_ text: [UInt8]) { self.text = text }

  /// Where it begins in `bytes`, at `start` or later; nil if it does not occur. An empty text occurs nowhere.
  package func place(in bytes: [UInt8], from start: Int = 0) -> Int? {
    guard !text.isEmpty, start >= 0, start < bytes.count else { return nil }
    let found = bytes.withUnsafeBytes { bytes in
      text.withUnsafeBytes { text in
        clinux_find(
          bytes.baseAddress.map { $0 + start }, UInt(bytes.count - start), text.baseAddress, UInt(text.count))
      }
    }
    return found < 0 ? nil : start + found
  }
}

extension InboxFolders {
  /// A regular file in one of the folders, open for reading; the caller closes it.
  ///
  /// - Throws: `missing` if there is no such file.
  package static func descriptor(of name: FileName, in folder: String) throws(InboxError) -> Int32 {
    let path = folder + "/" + name.display
    let descriptor = open(name.path(in: folder), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { throw InboxError("read", path, errno: errno) }
    guard FileStatus(descriptor: descriptor)?.kind == .regular else {
      close(descriptor)
      throw InboxError(.failed, "read", path, "is not a regular file")
    }
    return descriptor
  }

  /// Calls `each` with the lines of a file in one of the folders that contain the text, without their line breaks.
  ///
  /// - Throws: `missing` if there is no such file.
  package static func lines(
    of name: FileName, in folder: String, with text: ByteSearch, each: (ArraySlice<UInt8>) -> Void
  ) throws(InboxError) {
    let path = folder + "/" + name.display
    let descriptor = try descriptor(of: name, in: folder)
    defer { close(descriptor) }
    // Large enough that a call costs nothing, and small enough for the processor's cache.
    let most = 512 << 10
    var buffer: [UInt8] = []
    buffer.reserveCapacity(2 * most)
    while true {
      let before = buffer.count
      var failure: Int32 = 0
      buffer.append(addingCapacity: most) { span in
        span.withUnsafeMutableBufferPointer { target, initialized in
          var count = -1
          repeat { count = read(descriptor, target.baseAddress, most) } while count < 0 && errno == EINTR
          if count < 0 { failure = errno }
          initialized = max(0, count)
        }
      }
      guard failure == 0 else { throw InboxError("read", path, errno: failure) }
      let isEnd = buffer.count == before
      // Whole lines; what is left of the last one is read on.
      guard let end = isEnd ? buffer.count : buffer.lastIndex(of: UInt8(ascii: "\n")).map({ $0 + 1 }) else { continue }
      var place = 0
      while let found = text.place(in: buffer, from: place), found < end {
        let start = buffer[..<found].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let stop = buffer[found..<end].firstIndex(of: UInt8(ascii: "\n")) ?? end
        each(buffer[start..<stop])
        place = stop + 1
      }
      if isEnd { return }
      buffer.removeSubrange(..<end)
    }
  }
}
