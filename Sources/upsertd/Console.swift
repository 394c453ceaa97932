internal import Core
internal import Foundation

/// Output for people: results on standard output, everything else on standard error.
enum Console {
  static func error(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

  static func out(_ text: String) { FileHandle.standardOutput.write(Data("\(text)\n".utf8)) }

  static func out(_ bytes: [UInt8]) { FileHandle.standardOutput.write(Data(bytes)) }

  static var outIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }
  static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  /// Columns of the terminal that shows `status` and progress; 80 if unknown.
  static var width: Int {
    var size = winsize()
    for descriptor in [STDOUT_FILENO, STDERR_FILENO]
    where ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 {
      return Int(size.ws_col)
    }
    return 80
  }

  /// `line` cut to the width of the terminal; uncut elsewhere.
  static func fitted(_ line: String) -> String {
    guard outIsTerminal, line.count > width else { return line }
    return line.prefix(width - 1) + "…"
  }

  /// A file's name within a line: on a terminal it takes at most half of the width, so that the rest is not cut off.
  static func name(_ name: String) -> String { outIsTerminal ? name.cutInTheMiddle(to: max(20, width / 2)) : name }

  /// `text` in a colour, on a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
  static func styled(_ text: String, _ style: Style) -> String {
    guard outIsTerminal, ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty else { return text }
    return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
  }

  enum Style: String {
    case bold = "1"
    case dim = "2"
    case red = "31"
    case green = "32"
    case yellow = "33"
  }
}
