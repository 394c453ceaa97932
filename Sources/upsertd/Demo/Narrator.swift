internal import Foundation

/// Tells what the demo does: steps, what is done as a shell would show it, and what came of it.
///
/// Who reads may go away half-way (`upsertd demo | head`): then the rest is told to nobody.
struct Narrator: Sendable {
  /// Columns of what is told, on a terminal and elsewhere.
  let width = 96
  private let isLive = Console.outIsTerminal

  func say(_ text: String = "") { write(text + "\n") }

  func heading(_ text: String) { write("\n" + Console.styled(text, .bold) + "\n") }

  /// What happens now.
  func tell(_ text: String) { write("   \(text)\n") }

  func command(_ text: String, _ note: String = "") {
    let gap = note.isEmpty ? "" : String(repeating: " ", count: max(2, 58 - text.count))
    write("   " + Console.styled("$ ", .dim) + text + gap + Console.styled(note, .dim) + "\n")
  }

  func good(_ text: String) { write("   " + Console.styled("✓", .green) + " \(text)\n") }

  func bad(_ text: String) { write("   " + Console.styled("✗", .red) + " \(text)\n") }

  /// How it stands, on a terminal alone; the next `clear` takes it away.
  func showProgress(_ text: String) {
    guard isLive else { return }
    write("\r\u{1B}[K   " + Console.styled("… " + String(text.prefix(Console.width - 6)), .dim))
  }

  func clearProgress() {
    if isLive { write("\r\u{1B}[K") }
  }

  private func write(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) }
}

extension String {
  func padded(to width: Int) -> String { self + String(repeating: " ", count: Swift.max(0, width - count)) }

  /// Numbers stand to the right.
  func leading(to width: Int) -> String { String(repeating: " ", count: Swift.max(0, width - count)) + self }

  /// Cut where it is longer.
  func fitted(to width: Int) -> String { count <= width ? self : prefix(Swift.max(0, width - 1)) + "…" }
}
