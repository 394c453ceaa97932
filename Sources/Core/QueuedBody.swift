/// A request body as it is queued: bytes that are in the claimed file verbatim are not copied, but given as places
/// there.
///
/// Most JSON items are sent as they were dropped. Queued like this, a file's bytes are neither written to the disk a
/// second time nor read back from the database. In return, the claimed file must still be there, and unchanged, when
/// the body is sent; the items' tags show this.
package struct QueuedBody: Sendable, Equatable {
  /// Bytes of the file that belong in the body.
  package struct Run: Sendable, Equatable {
    /// How many of the literals come before it.
    package var literals: Int
    package var source: Range<Int>
  }

  /// All bytes of the body that are in no run, in order; the whole body if there are no runs.
  package private(set) var literals: [UInt8]
  package private(set) var runs: [Run] = []
  /// Of the concatenated bytes of the runs, if an older upsertd queued them; nil if the items have tags.
  private(set) var checksum: UInt64?
  /// Bytes of the whole body.
  package private(set) var count: Int

  package init(_ literals: [UInt8] = []) {
    self.literals = literals
    count = literals.count
  }

  mutating func reserveCapacity(literals: Int, runs: Int) {
    self.literals.reserveCapacity(literals)
    self.runs.reserveCapacity(runs)
  }

  mutating func append(_ byte: UInt8) {
    literals.append(byte)
    count += 1
  }

  mutating func append(_ bytes: some Collection<UInt8>) {
    literals += bytes
    count += bytes.count
  }

  /// Appends the bytes at `source` in the file.
  mutating func append(at source: Range<Int>) {
    runs.append(Run(literals: literals.count, source: source))
    count += source.count
  }
}

extension QueuedBody {
  /// The runs for the outbox: LEB128 numbers (literals since the previous run; distance from its end in the file,
  /// zigzag; length).
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

  /// Checksum of the literals, for the outbox, against damage: nobody who knows it can choose the literals. If there
  /// are `tags`, it also covers these and the places of the runs.
  func storedChecksum(tags: [UInt8]?) -> UInt64 {
    let literals = XXH64.hash(literals.span, seed: 1)
    guard let tags else { return literals ^ (checksum ?? 0) }
    return XXH64.hash(tags.span, seed: XXH64.hash(packedRuns.span, seed: literals))
  }

  /// - Parameter storedChecksum: nil for a body of an upsertd that did not store one.
  /// - Returns: nil if the parts do not fit together, which means that the outbox is damaged. Damage to the literals
  ///   between runs that an older upsertd queued shows only when they are read, as if the file had changed.
  package init?(literals: [UInt8], packedRuns: [UInt8], tags: [UInt8]?, storedChecksum: UInt64?) {
    self.init(literals)
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
    if let tags {
      guard storedChecksum == self.storedChecksum(tags: tags) else { return nil }
    } else if runs.isEmpty {
      if let storedChecksum, storedChecksum != self.storedChecksum(tags: nil) { return nil }
    } else {
      checksum = (storedChecksum ?? 0) ^ self.storedChecksum(tags: nil)
    }
  }
}
