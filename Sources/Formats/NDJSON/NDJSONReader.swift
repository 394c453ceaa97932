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

  /// Calls `each` with every item and its JSON text, which is empty if the item has a fault.
  ///
  /// - Throws: `FileFault` for a file that can't be used, `ReadError`, and any error of `each`.
  package func read<S: ByteSource & ~Copyable>(
    _ source: inout S, each: (RawItem, Span<UInt8>) throws -> Void
  ) throws -> DocumentShape {
    var window = ByteWindow(chunkBytes: chunkBytes, key: key)
    var start = try window.skipByteOrderMark(from: &source)
    let mark = start
    var number = 0
    var line = 1
    while let found = try nextLine(from: start, &window, &source) {
      if !found.isBlank {
        number += 1
        var item = RawItem(
          number: number, line: line, source: start..<found.end, tag: window.endItem(at: found.end))
        if isTooLarge(start..<found.end, window) {
          item.fault = .tooLarge(limits)
          try each(item, Span())
        } else {
          // The byte order mark is part of the first line when its bytes are counted.
          let lead = line == 1 ? mark : 0
          let bytes = window.bytes.span.extracting(start - window.base..<found.end - window.base)
          var value = 0..<0
          do throws(ItemFault) {
            value = try check(bytes, lead: lead, isLast: !found.hasBreak)
          } catch {
            item.fault = error
          }
          item.textStart = start + value.lowerBound
          try each(item, item.fault == nil ? bytes.extracting(value) : bytes)
        }
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

  /// The range of the single value that makes up `line`.
  private func check(_ line: Span<UInt8>, lead: Int, isLast: Bool) throws(ItemFault) -> Range<Int> {
    let start = afterSpace(line, from: 0)
    var scanner = JSONScanner()
    let end: Int
    do throws(JSONFault) {
      end = try scanner.scan(line, from: start) ?? line.count
      if end == line.count { try scanner.finish() }
    } catch {
      throw itemFault(error, from: start, lead, line.count, isLast ? 0 : scanner.unfinishedCharacterBytes)
    }
    let rest = afterSpace(line, from: end)
    guard rest == line.count else {
      let stray = JSONFault.stray(line, at: rest, reason: "more text follows the JSON value")
      throw itemFault(stray, from: rest, lead, line.count, isLast ? 0 : line.count - rest)
    }
    guard scanner.deepest <= limits.maxNesting else { throw .tooDeep(scanner.deepest, limits) }
    return start..<end
  }

  /// The item fault for a fault in text that starts at `start` of a line.
  ///
  /// - Parameters:
  ///   - count: bytes of the line.
  ///   - unfinished: bytes of a character that the line break cut off. These are not UTF-8, whereas at the file's end
  ///     bytes are missing.
  private func itemFault(
    _ fault: JSONFault, from start: Int, _ lead: Int, _ count: Int, _ unfinished: Int
  ) -> ItemFault {
    if fault.kind == .encoding || fault.kind == .end && unfinished > 0 {
      let offset = lead + (fault.kind == .end ? count - unfinished : start + fault.offset)
      return ItemFault(.invalidEncoding, "the line is not UTF-8 at offset \(offset): save the file as UTF-8")
    }
    let column = lead + start + fault.offset + 1
    return ItemFault(.malformedJSON, "the line is not valid JSON at column \(column): \(fault.reason)")
  }
}
