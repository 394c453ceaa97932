package import JSONText

/// A JSON file with secrets, named by the configuration; its faults are reported for that file.
package struct SecretDocument {
  package let path: String
  package let root: JSONValue
  private let reading: LoadContext
  /// See `SettingsFaults.Fault.namedIn`.
  private let namedIn: String?

  /// If the file can't be read or is not JSON, reports a fault and returns nil.
  package init?(namedBy entry: ConfigNode) {
    guard let name = entry.text() else { return nil }
    let path = entry.reading.credential(name)
    entry.reading.show(entry.key, .text(path))
    self.init(path: path, namedIn: entry.origin, reading: entry.reading) {
      entry.report($0)
    } onRead: {
      entry.reading.note($0, line: entry.line, key: entry.key)
    }
  }

  /// Reads the file at an absolute path; reports faults to a context of its own.
  init?(rereading path: String, to reading: LoadContext) {
    self.init(path: path, namedIn: nil, reading: reading) {
      reading.report($0)
    } onRead: { _ in
    }
  }

  private init?(
    path: String, namedIn: String?, reading: LoadContext, _ report: (String) -> Void,
    onRead note: (ConfigFile) -> Void
  ) {
    self.path = path
    self.reading = reading
    self.namedIn = namedIn
    let file: ConfigFile
    do {
      file = try ConfigFile(path: path)
    } catch {
      report("read \"\(path)\": \(error.reason)")
      return nil
    }
    note(file)
    if file.isOpenToOthers { Self.report(file.othersAdvice, path, namedIn: namedIn, to: reading) }
    // Windows editors put a byte order mark in front, which is not JSON.
    let bytes = file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(file.bytes.dropFirst(3)) : file.bytes
    do {
      root = try JSONValue.parse(bytes)
    } catch {
      let before = bytes.prefix(error.offset)
      let column = error.offset - (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1)
      Self.report(
        "is not valid JSON: \(error.reason) (column \(column))", path,
        line: before.count { $0 == UInt8(ascii: "\n") } + 1, namedIn: namedIn, to: reading)
      return nil
    }
  }

  /// - Parameter key: the path of the member concerned; nil for the file as a whole.
  package func report(_ message: String, key: String? = nil) {
    Self.report(message, path, key: key, namedIn: namedIn, to: reading)
  }

  private static func report(
    _ message: String, _ path: String, line: Int? = nil, key: String? = nil, namedIn: String?, to reading: LoadContext
  ) {
    reading.report(SettingsFaults.Fault(path: path, line: line, key: key, message: message, namedIn: namedIn))
  }

  /// The text of a nested member; nil if it is missing or empty. If it is not a string, also reports a fault.
  package func item(_ section: String, _ name: String) -> SDKConfiguration.Item? {
    switch root[section]?[name] {
    case .string(let text):
      return text.isEmpty ? nil : SDKConfiguration.Item(value: text, name: "\(section).\(name) in \"\(path)\"")
    case .none, .null: return nil
    default:
      report("must be a string", key: "\(section).\(name)")
      return nil
    }
  }
}
