import APIs
import Core
import Foundation

@testable import Settings

/// A folder with a configuration in it, gone when the body ends.
func withConfiguration<T>(
  _ yaml: String, files: [String: String] = [:], modes: [String: mode_t] = [:], _ body: (Folder) throws -> T
) throws -> T {
  var template = Array("/tmp/settings-tests-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw Failure(reason: "mkdtemp: \(errno)") }
  let folder = Folder(path: String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self))
  defer { try? FileManager.default.removeItem(atPath: folder.path) }
  try folder.write("upsertd.yaml", yaml, mode: modes["upsertd.yaml"] ?? 0o600)
  for (name, text) in files { try folder.write(name, text, mode: modes[name] ?? 0o600) }
  return try body(folder)
}

/// Loads a configuration that is expected to be in order.
func loaded(
  _ yaml: String, files: [String: String] = [:], environment: [String: String] = [:]
) throws -> Settings {
  try withConfiguration(yaml, files: files) { folder in
    try Settings.load(path: folder.path + "/upsertd.yaml", environment: environment)
  }
}

/// What is wrong with a configuration, a fault a line, the temporary folder left out.
func faults(
  _ yaml: String, files: [String: String] = [:], modes: [String: mode_t] = [:], environment: [String: String] = [:]
) throws -> [String] {
  try withConfiguration(yaml, files: files, modes: modes) { folder in
    do throws(SettingsFaults) {
      _ = try Settings.load(path: folder.path + "/upsertd.yaml", environment: environment)
      return []
    } catch {
      return error.faults.map { $0.description.split(separator: folder.path + "/").joined() }
    }
  }
}

/// The shortest configuration that is in order, and lines that go before it.
func minimal(_ lines: String = "") -> String {
  lines + """

    targets: {lusid: {api: lusid, url: "https://example.lusid.com/api", auth: {access_token: abc}}}
    inboxes: [{name: a, target: lusid}]
    """
}

/// A configuration with one target, its own lines indented by two, the first on line 3.
func target(_ lines: String) -> String {
  """
  targets:
    t:
  \(lines.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }.joined(separator: "\n"))
  inboxes: [{name: a, target: t}]
  """
}

/// A configuration with a target of each API and one inbox `a`, its own lines from line 6.
func inbox(_ lines: String) -> String {
  """
  targets:
    lusid: {api: lusid, url: "https://example.lusid.com/api", auth: {access_token: abc}}
    liquid: {api: liquid, url: "https://ld.example.com", auth: {access_token: abc}}
  inboxes:
    - name: a
  \(lines.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }.joined(separator: "\n"))
  """
}

/// How CSV files are written if some of it is not the default.
func csv(_ change: (inout CSVOptions) -> Void) -> CSVOptions {
  var options = CSVOptions()
  change(&options)
  return options
}

struct Failure: Error {
  var reason: String
}

struct Folder {
  var path: String

  func write(_ name: String, _ text: String, mode: mode_t = 0o600) throws {
    try write(Array(text.utf8), to: name, mode: mode)
  }

  func write(_ bytes: [UInt8], to name: String, mode: mode_t = 0o600) throws {
    let file = URL(filePath: path).appending(path: name)
    try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    chmod(file.path, mode)
  }

  func read(_ name: String) throws -> String {
    try String(contentsOf: URL(filePath: path).appending(path: name), encoding: .utf8)
  }
}
