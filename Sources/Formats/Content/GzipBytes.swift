import Core
import CZlib

/// The content of a gzip file: one member or several (RFC 1952, section 2.2), with zero bytes after the last, as left
/// by tapes.
///
/// An empty file has no content. Anything else that is not a sequence of complete, valid members is a `FileFault`;
/// successful reads before it prove nothing, since a member's checksum is at its end.
package struct GzipBytes<Source: PositionedBytes & ~Copyable>: ByteSource, ~Copyable {
  package private(set) var source: Source
  package private(set) var position = 0
  private let limits: GzipLimits
  private let onRead: () throws -> Void
  private let inflater: Inflater
  /// Compressed bytes read ahead; those before `next` have been used.
  private var input: [UInt8] = []
  private var next = 0
  private var place = Place.start

  private enum Place {
    case start
    case member
    case betweenMembers
    case padding
    case end
  }

  private static var chunkBytes: Int { 128 << 10 }

  /// - Parameter onRead: called before each read, since a few bytes of the source may become many; an error it throws
  ///   ends the reading.
  package init(_ source: consuming Source, limits: GzipLimits, onRead: @escaping () throws -> Void = {}) throws {
    self.source = source
    self.limits = limits
    self.onRead = onRead
    guard let inflater = Inflater() else {
      throw ReadError(
        path: self.source.path,
        reason: "zlib can't start: out of memory, or not the zlib version that upsertd was built for")
    }
    self.inflater = inflater
  }

  package var path: String { source.path }

  /// Returns the source: its counts are complete once this value has reached its end.
  package consuming func finish() -> Source { source }

  package mutating func read(upTo count: Int, into buffer: inout [UInt8]) throws {
    try onRead()
    let start = buffer.count
    while buffer.count == start, place != .end {
      if next == input.count, try !readAhead() {
        guard place != .member else { throw damaged("it ends too early") }
        place = .end
        return
      }
      switch place {
      case .member: try inflate(upTo: count, into: &buffer)
      case .padding:
        guard input[next...].allSatisfy({ $0 == 0 }) else { throw damaged("other bytes follow its end") }
        next = input.count
      case .betweenMembers where input[next] == 0: place = .padding
      default:
        guard input[next] == 0x1F else {
          throw damaged(place == .start ? "it does not start with a gzip header" : "other bytes follow its end")
        }
        inflater.reset()
        place = .member
      }
    }
  }

  private mutating func inflate(upTo count: Int, into buffer: inout [UInt8]) throws {
    let start = buffer.count
    let (step, taken) = inflater.inflate(input.span.extracting(next...), upTo: count, into: &buffer)
    next += taken
    position += buffer.count - start
    switch step {
    case .more: break
    case .memberEnd: place = .betweenMembers
    case .damaged(let reason): throw damaged(reason)
    }
    guard position <= limits.maxOutputBytes else {
      throw FileFault(
        .tooLarge,
        "the file decompresses to more than \(counted(limits.maxOutputBytes, "byte")): split it, or raise limits.max_file_bytes"
      )
    }
    let used = source.position - (input.count - next)
    guard position <= GzipLimits.unratedBytes || (position - 1) / max(1, limits.maxRatio) < used else {
      throw FileFault(
        .tooLarge,
        "the file decompresses to more than \(counted(limits.maxRatio, "time")) its size: if that is intended, raise limits.max_gzip_ratio"
      )
    }
  }

  /// False at the file's end.
  private mutating func readAhead() throws -> Bool {
    input.removeAll(keepingCapacity: true)
    next = 0
    try source.read(upTo: Self.chunkBytes, into: &input)
    return !input.isEmpty
  }

  private func damaged(_ reason: String) -> FileFault {
    FileFault(.malformedGzip, "the gzip is damaged: \(reason)")
  }
}

extension GzipBytes: PositionedBytes where Source: ~Copyable {
  package mutating func move(to position: Int) throws {
    try readForward(to: position, chunkBytes: Self.chunkBytes)
  }
}

/// How far a gzip may expand before it is considered a bomb.
package struct GzipLimits: Sendable, Equatable {
  /// Bytes out per byte in, counted over the file so far.
  package var maxRatio: Int
  /// Maximum number of bytes out.
  package var maxOutputBytes: Int
  /// Output up to this size may have any ratio: a few kilobytes of blanks are not a bomb.
  package static let unratedBytes = 1 << 20

  package init(maxRatio: Int = 200, maxOutputBytes: Int = 16 << 30) {
    self.maxRatio = maxRatio
    self.maxOutputBytes = maxOutputBytes
  }
}
