/// A request body as it is queued: what stands word for word in the claimed file is told by its place there, and not copied.
///
/// Most JSON items travel as they were dropped. Queued like this, a file's bytes are neither written to the disk a second
/// time nor read back from the database; the price is that the claimed file must still be there, and unchanged, when the
/// body is sent, which `checksum` shows.
package struct QueuedBody: Sendable, Equatable {
  /// Bytes of the file that belong into the body.
  package struct Run: Sendable, Equatable {
    /// How many of the literals stand before it.
    package var literals: Int
    package var source: Range<Int>
  }

  /// All bytes of the body that no run holds, in order; the whole body where there are no runs.
  package private(set) var literals: [UInt8]
  package private(set) var runs: [Run] = []
  /// Of the runs' bytes, one behind the other.
  package private(set) var checksum: UInt64 = 0
  /// Bytes of the whole body.
  package private(set) var count: Int

  package init(_ literals: [UInt8] = []) {
    self.literals = literals
    count = literals.count
  }

  mutating func append(_ byte: UInt8) {
    literals.append(byte)
    count += 1
  }

  mutating func append(_ bytes: some Collection<UInt8>) {
    literals += bytes
    count += bytes.count
  }

  /// Appends `bytes`, which stand at `source` in the file.
  mutating func append(_ bytes: Span<UInt8>, at source: Range<Int>) {
    runs.append(Run(literals: literals.count, source: source))
    checksum = XXH64.hash(bytes, seed: checksum)
    count += bytes.count
  }
}

extension QueuedBody {
  /// The whole body, with the runs as `read` finds them in the file.
  ///
  /// Runs that stand close together are read at once.
  /// - Parameter read: appends the bytes of a range of the file, as many as there are.
  package func whole<E: Error>(
    reading read: (Range<Int>, inout [UInt8]) throws(E) -> Void, onChange: @autoclosure () -> E
  ) throws(E) -> [UInt8] {
    guard let first = runs.first else { return literals }
    var body: [UInt8] = []
    // Of a damaged outbox it may be any number.
    body.reserveCapacity(min(count, 64 << 20))
    var span: [UInt8] = []
    var spanStart = first.source.lowerBound
    var taken = 0
    var seed: UInt64 = 0
    for (index, run) in runs.enumerated() {
      body += literals[taken..<run.literals]
      taken = run.literals
      if run.source.lowerBound < spanStart || run.source.upperBound > spanStart + span.count {
        spanStart = run.source.lowerBound
        span.removeAll(keepingCapacity: true)
        try read(spanStart..<end(ofSpanFrom: index), &span)
      }
      let range = run.source.lowerBound - spanStart..<run.source.upperBound - spanStart
      guard range.upperBound <= span.count else { throw onChange() }
      seed = XXH64.hash(span.span.extracting(range), seed: seed)
      body += span[range]
    }
    body += literals[taken...]
    guard seed == checksum else { throw onChange() }
    return body
  }

  /// How far one read goes on from a run: over gaps of some bytes, such as the line breaks between items.
  private func end(ofSpanFrom index: Int) -> Int {
    var end = runs[index].source.upperBound
    for run in runs[(index + 1)...] {
      let gap = run.source.lowerBound - end
      guard gap >= 0, gap <= Self.smallGap else { break }
      end = run.source.upperBound
    }
    return end
  }

  private static let smallGap = 4096
}

extension QueuedBody {
  /// The runs for the outbox: LEB128 numbers (literals since the run before; distance from its end in the file, zigzag; length).
  package var packedRuns: [UInt8] {
    var packed = PackedNumbers(reservingCapacity: runs.count * 4)
    var (literals, end) = (0, 0)
    for run in runs {
      packed.append(UInt64(run.literals - literals))
      packed.append(zigzag: run.source.lowerBound - end)
      packed.append(UInt64(run.source.count))
      (literals, end) = (run.literals, run.source.upperBound)
    }
    return packed.bytes
  }

  /// The checksum of the runs and the literals, for the outbox.
  package var storedChecksum: UInt64 { checksum ^ Self.checksum(of: literals) }

  /// - Parameter storedChecksum: nil for a body of an upsertd that did not store one.
  /// - Returns: nil where the parts do not fit together: the outbox is damaged. Damage to the literals between runs shows only in
  ///   `whole`, as if the file had changed.
  package init?(literals: [UInt8], packedRuns: [UInt8], storedChecksum: UInt64?) {
    self.init(literals)
    if let storedChecksum { checksum = storedChecksum ^ Self.checksum(of: literals) }
    var packed = PackedNumbers(packedRuns)
    var (before, end) = (0, 0)
    while !packed.isAtEnd {
      guard let step = packed.nextCount(), let gap = packed.nextZigzag(), let length = packed.nextCount() else {
        return nil
      }
      let (start, isTooFar) = end.addingReportingOverflow(gap)
      let (stop, isTooLong) = start.addingReportingOverflow(length)
      let (whole, isTooMuch) = count.addingReportingOverflow(length)
      guard step <= literals.count - before, start >= 0, !isTooFar, !isTooLong, !isTooMuch else { return nil }
      (before, end) = (before + step, stop)
      runs.append(Run(literals: before, source: start..<stop))
      count = whole
    }
    if runs.isEmpty, checksum != 0 { return nil }
  }

  private static func checksum(of literals: [UInt8]) -> UInt64 { XXH64.hash(literals.span, seed: 1) }
}
