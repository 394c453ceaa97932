internal import Foundation

/// Prints what the demo does: steps, commands as a shell would show them, and their results.
///
/// The reader may go away half-way (`upsertd demo | head`): then the rest is discarded.
struct Narrator: Sendable {
  /// Columns that lines keep to; file names and paths may be longer.
  let width = Console.outIsTerminal ? min(96, max(72, Console.width - 1)) : 96
  /// Only on a terminal can printed text be removed again.
  let showsProgress = Console.outIsTerminal
  private static let indent = 3

  func heading(_ text: String) { write("\n" + Console.styled(text, .bold) + "\n") }

  /// Prints what happens, wrapped between words; `label` precedes the first line, and all lines are indented past it.
  func narrate(_ text: String, behind label: String = "") {
    var start = label
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, Self.indent + label.count + line.count + 1 + word.count > width {
        printLine(start + line)
        start = String(repeating: " ", count: label.count)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    printLine(start + line)
  }

  /// Prints a line as it is.
  func printLine(_ text: String) { write(String(repeating: " ", count: Self.indent) + text + "\n") }

  /// Prints a quoted line, such as one from a file: indented further, and cut if it is too long.
  func quote(_ text: some StringProtocol) {
    printLine("  " + Console.styled(String(text).fitted(to: width - Self.indent - 2), .dim))
  }

  func command(_ text: String, _ note: String = "") {
    let remark = note.isEmpty ? "" : String(repeating: " ", count: max(2, 48 - text.count)) + Console.styled(note, .dim)
    printLine(Console.styled("$ ", .dim) + text + remark)
  }

  func good(_ text: String) { printLine(Console.styled("✓", .green) + " " + text) }

  func bad(_ text: String) { printLine(Console.styled("✗", .red) + " " + text) }

  /// Shows the state while waiting; `clearProgress` removes it.
  func showProgress(_ text: String) {
    write("\r\u{1B}[K   " + Console.styled("… " + text.fitted(to: Console.width - 6), .dim))
  }

  func clearProgress() {
    if showsProgress { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }
}

extension String {
  func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }

  /// Right-aligned, as for numbers.
  func flushRight(to width: Int) -> String { String(repeating: " ", count: Swift.max(0, width - count)) + self }

  /// Cut if it is longer.
  func fitted(to width: Int) -> String { count <= width ? self : prefix(Swift.max(0, width - 1)) + "…" }
}
