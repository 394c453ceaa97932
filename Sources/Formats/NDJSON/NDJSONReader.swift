package import Core
import JSONText

/// Reads NDJSON: one item per line, ended by LF or CRLF, which is optional on the last line.
///
/// A bad line is an item with a fault; only a file without any item is a fault of the file. Lines of white space are
/// skipped, but counted. Of a line far over the limit nothing is kept, and its JSON is not checked.
package struct NDJSONReader: Sendable {
  private let limits: ReaderLimits
  private let chunkBytes: Int
  private let key: SourceKey?

  /// - Parameter key: makes the items' tags; nil for none.
  package init(limits: ReaderLimits, chunkBytes: Int = 256 << 10, key: SourceKey? = nil) {
    self.key = key
    self.limits = limits
    self.chunkBytes = chunkBytes
  }

  package var decoder: any ItemDecoder { NDJSONDecoder(limits: limits, key: key) }

  /// Calls `each` with blocks of all lines that are not blank, for `decoder` to complete.
  ///
  /// - Throws: `FileFault` for a file that can't be used, after a last block; `ReadError`, and any error of `each`.
  package func read<S: ByteSource & ~Copyable>(
    _ source: inout S, each: (ItemBlock) throws -> Void
  ) throws -> DocumentShape {
    var block = ItemBlock()
    return try block.passOnFault(to: each) { try find(&source, &$0, each) }
  }

  /// Calls `each` with every item as its decoder leaves it, on this thread.
  ///
  /// - Throws: as `read`.
  package func readItems<S: ByteSource & ~Copyable>(
    _ source: inout S, each: (RawItem, Span<UInt8>) throws -> Void
  ) throws -> DocumentShape {
    try read(&source) { try decoder.decode($0, each: each) }
  }

  private func find<S: ByteSource & ~Copyable>(
    _ source: inout S, _ block: inout ItemBlock, _ each: (ItemBlock) throws -> Void
  ) throws -> DocumentShape {
    var window = ByteWindow(chunkBytes: chunkBytes, countsLines: false, key: key)
    var start = try window.skipByteOrderMark(from: &source)
    let mark = start
    var number = 0
    var line = 1
    while let found = try nextLine(from: start, &window, &source) {
      if !found.isBlank {
        number += 1
        var item = RawItem(number: number, line: line, source: start..<found.end)
        if isTooLarge(start..<found.end, window) {
          item.fault = .tooLarge(limits)
          item.tag = window.endItem(at: found.end)
          block.append(item, Span())
        } else {
          let text = window.bytes.span.extracting(start - window.base..<found.end - window.base)
          block.append(item, text, isFlagged: !found.hasBreak)
        }
        if block.isFull { try each(block.take()) }
      }
      guard found.hasBreak else { break }
      start = found.next
      line += 1
    }
    guard number > 0 else { throw FileFault.empty(bytes: window.end - mark) }
    return .lines
  }

  private struct Line {
    /// Without the line break.
    var end: Int
    /// Where the next line starts.
    var next: Int
    var hasBreak: Bool
    var isBlank: Bool
  }

  /// The line that starts at `start`; its bytes are in the window unless it is over the limit. Nil at the file's end.
  private func nextLine<S: ByteSource & ~Copyable>(
    from start: Int, _ window: inout ByteWindow, _ source: inout S
  ) throws -> Line? {
    window.beginItem(at: start)
    var at = start
    var isBlank = true
    var endsInCR = false
    while true {
      let from = at - window.base
      let found = window.bytes.span.firstIndex(of: UInt8(ascii: "\n"), from: from)
      let stop = found ?? window.bytes.count
      // Not beyond the line: otherwise every line in a file of empty lines would rescan the rest.
      if isBlank { isBlank = afterSpace(window.bytes.span.extracting(first: stop), from: from) == stop }
      if stop > from { endsInCR = window.bytes[stop - 1] == UInt8(ascii: "\r") }
      at = window.base + stop
      if found != nil {
        return Line(end: endsInCR ? at - 1 : at, next: at + 1, hasBreak: true, isBlank: isBlank)
      }
      // One extra byte, for a CR that is part of the line break.
      let isKept = at - start <= limits.maxItemBytes + RejectsAdditions.slack + 1
      // Keeps the last byte: it may be that CR, which is not part of the tag.
      if try !window.fill(from: &source, keepingFrom: isKept ? start : at - 1) {
        return at == start ? nil : Line(end: at, next: at, hasBreak: false, isBlank: isBlank)
      }
    }
  }

  private func isTooLarge(_ line: Range<Int>, _ window: borrowing ByteWindow) -> Bool {
    guard line.count > limits.maxItemBytes else { return false }
    guard line.count <= limits.maxItemBytes + RejectsAdditions.slack else { return true }
    let text = window.bytes.span.extracting(line.lowerBound - window.base..<line.upperBound - window.base)
    var scanner = JSONScanner()
    // The additions can be identified only in valid JSON.
    guard (try? scanner.scan(text, from: 0)) ?? nil != nil else { return true }
    return line.count - RejectsAdditions.bytes(in: text, limits.additions) > limits.maxItemBytes
  }
}
