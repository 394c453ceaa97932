/// The content of a dropped file, unpacked if it is a gzip; it can be read from its start any number of times.
///
/// The owner of the descriptor keeps it: it must outlive this value and what it returns.
package struct FileContent {
  private enum Origin {
    case file(Int32)
    case memory([UInt8])
  }

  /// For messages.
  package let path: String
  private let origin: Origin
  private let isGzipped: Bool
  private let gzip: GzipLimits
  private let observe: ((Span<UInt8>) throws -> Void)?
  private let onRead: () throws -> Void

  /// - Parameters:
  ///   - observe: receives the file's bytes as they are read from the disk by what `bytes()` returns, in order and once,
  ///     to compute a digest. An error it throws ends the read.
  ///   - onRead: called before each read of unpacked bytes, since a few bytes of the file may become many; an error it
  ///     throws ends the read.
  package init(
    descriptor: Int32, path: String, isGzipped: Bool, gzip: GzipLimits = GzipLimits(),
    observe: ((Span<UInt8>) throws -> Void)? = nil, onRead: @escaping () throws -> Void = {}
  ) {
    origin = .file(descriptor)
    self.path = path
    self.isGzipped = isGzipped
    self.gzip = gzip
    self.observe = observe
    self.onRead = onRead
  }

  /// The first bytes of a file, or all of them, as dropped.
  package init(start: [UInt8], isGzipped: Bool) {
    origin = .memory(start)
    path = "bytes in memory"
    self.isGzipped = isGzipped
    gzip = GzipLimits()
    observe = nil
    onRead = {}
  }

  /// The content from its start, to be read once as a whole.
  ///
  /// - Throws: `ReadError` if there is no memory for unpacking.
  package func bytes() throws -> ContentBytes { try bytes(observe, onRead) }

  /// The content from its start, to look at a part of it: nothing is observed.
  ///
  /// - Throws: `ReadError` if there is no memory for unpacking.
  package func unobserved() throws -> ContentBytes { try bytes(nil) {} }

  private func bytes(
    _ observe: ((Span<UInt8>) throws -> Void)?, _ onRead: @escaping () throws -> Void
  ) throws -> ContentBytes {
    switch origin {
    case .file(let descriptor):
      let file = FileBytes(descriptor: descriptor, path: path, observe: observe)
      return try isGzipped ? ContentBytes(GzipBytes(file, limits: gzip, onRead: onRead)) : ContentBytes(file)
    case .memory(let bytes):
      return try isGzipped ? ContentBytes(GzipBytes(HeldBytes(bytes), limits: gzip)) : ContentBytes(HeldBytes(bytes))
    }
  }
}

/// A file's content, wherever it comes from. A read returns hundreds of kilobytes, so the call through a protocol costs
/// nothing.
package struct ContentBytes: PositionedBytes, ~Copyable {
  package let path: String
  package private(set) var position = 0
  private var source: any PositionedBytes & ~Copyable

  package init(_ source: consuming some PositionedBytes & ~Copyable) {
    path = source.path
    position = source.position
    self.source = consume source
  }

  package mutating func read(upTo count: Int, into buffer: inout [UInt8]) throws {
    let before = buffer.count
    defer { position += buffer.count - before }
    try source.read(upTo: count, into: &buffer)
  }

  package mutating func move(to position: Int) throws {
    try source.move(to: position)
    self.position = Self.position(of: &source)
  }

  // An existential can't be asked for it without being consumed, unless it is opened as `inout`.
  private static func position(of source: inout any PositionedBytes & ~Copyable) -> Int { opened(&source) }
  private static func opened(_ source: inout some PositionedBytes & ~Copyable) -> Int { source.position }
}
