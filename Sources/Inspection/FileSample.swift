internal import Core
internal import Formats
internal import Glibc

/// The start and the end of a file, decompressed: all that is looked at, however large the file is.
package struct FileSample: Sendable {
  /// As it would be dropped; routes and formats depend on it.
  package var name: String
  package var head: [UInt8]
  /// The end of a file that is longer than `head`; empty if it was not read.
  package var tail: [UInt8] = []
  /// Whether `head` is the whole file.
  package var isWhole = true
  /// The file's size in bytes, decompressed; nil if not all of it was read.
  package var size: Int?
  package var isGzipped = false
  /// Why the rest of a gzip could not be read.
  package var fault: String?

  package static let headBytes = 1 << 20
  package static let tailBytes = 64 << 10

  /// How much of a gzip is decompressed to find its end: about a second's work.
  private static let mostInflatedBytes = 256 << 20

  /// Takes a file's whole content, and keeps of it what `read` would.
  package init(name: String, content: [UInt8]) {
    self.name = name
    size = content.count
    if content.count <= Self.headBytes + Self.tailBytes {
      head = content
    } else {
      head = Array(content.prefix(Self.headBytes))
      tail = Array(content.suffix(Self.tailBytes))
      isWhole = false
    }
  }

  /// Reads a regular file.
  ///
  /// - Throws: `ReadError` if it can't be opened or read.
  package static func read(path: String) throws -> FileSample {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ReadError(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw ReadError(path: path, reason: String(cString: strerror(errno))) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw ReadError(path: path, reason: "it is not a regular file") }
    let bytes = path.utf8.split(separator: UInt8(ascii: "/")).last.map { Array($0) } ?? []
    var sample = FileSample(name: String(decoding: bytes, as: UTF8.self), content: [])
    var file = FileBytes(descriptor: descriptor, path: path)
    if sample.name.lowercased().hasSuffix(".gz") {
      sample.isGzipped = true
      var content = try GzipBytes(file, limits: GzipLimits())
      do {
        try sample.readForward(&content)
      } catch let fault as FileFault {
        sample.fault = fault.message
        sample.isWhole = false
      }
      return sample
    }
    try sample.fill(to: headBytes + tailBytes, from: &file)
    let size = Int(status.st_size)
    sample.size = size
    guard size > headBytes + tailBytes else { return sample }
    sample.head.removeSubrange(headBytes...)
    sample.isWhole = false
    file.move(to: max(headBytes, size - tailBytes))
    try file.read(upTo: tailBytes, into: &sample.tail)
    return sample
  }

  private mutating func fill(to count: Int, from source: inout some ByteSource & ~Copyable) throws {
    var before = -1
    while head.count < count, head.count > before {
      before = head.count
      try source.read(upTo: count - head.count, into: &head)
    }
  }

  /// Reads on until the end or the limit, keeping the last bytes.
  private mutating func readForward(_ source: inout some ByteSource & ~Copyable) throws {
    try fill(to: Self.headBytes + Self.tailBytes, from: &source)
    var rest: [UInt8] = []
    var total = head.count
    if head.count == Self.headBytes + Self.tailBytes {
      rest = Array(head[Self.headBytes...])
      while total < Self.mostInflatedBytes {
        let before = rest.count
        try source.read(upTo: Self.tailBytes, into: &rest)
        guard rest.count > before else { break }
        total += rest.count - before
        if rest.count > Self.tailBytes { rest.removeFirst(rest.count - Self.tailBytes) }
      }
      if total > Self.headBytes + Self.tailBytes {
        head.removeSubrange(Self.headBytes...)
        isWhole = false
      }
    }
    size = total < Self.mostInflatedBytes ? total : nil
    if !isWhole, size != nil { tail = rest }
  }
}
