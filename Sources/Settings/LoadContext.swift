internal import Glibc
internal import Yams

/// One file being read: its place, the variables that may be replaced in it, and the faults found so far.
package final class LoadContext {
  let path: String
  /// The file's own folder, absolute: the base of relative paths.
  let folder: String
  /// Nil if `${NAME}` has no special meaning.
  let environment: [String: String]?
  /// Whether files with secrets and certificates are opened.
  let readsSecrets: Bool
  /// In the order in which messages list them.
  let apis: [any APISettings]
  private(set) var faults: [SettingsFaults.Fault] = []
  private var isReported: Set<SettingsFaults.Fault> = []
  /// The place of the first secret in the file itself.
  private(set) var inlineSecret: (line: Int?, key: String)?
  /// By the keys of values: how `EffectiveConfiguration` shows them, if not as they are written.
  private(set) var shown: [String: Shown] = [:]
  /// Files with secrets that were read.
  private(set) var secretFiles: [Droppers.SecretFile] = []
  private var repeated: [YAMLDocument.Place: String] = [:]
  /// The valid names of inboxes by their index, as written in the file.
  private var inboxNames: [Int: String] = [:]

  init(
    path: String, environment: [String: String]?, readsSecrets: Bool = true, apis: [any APISettings] = []
  ) {
    self.path = path
    self.environment = environment
    self.readsSecrets = readsSecrets
    self.apis = apis
    let absolute = path.hasPrefix("/") ? path : Self.workingFolder + "/" + path
    folder = String(absolute[..<(absolute.lastIndex(of: "/") ?? absolute.startIndex)])
  }

  /// The file's root; if it can't be read, records the fault and returns nil.
  func root() -> (entry: ConfigNode, file: ConfigFile)? {
    do {
      let file = try ConfigFile(path: path)
      guard let text = file.text else {
        let valid = String(decoding: file.bytes, as: UTF8.self).unicodeScalars.prefix { $0 != "\u{FFFD}" }
        report("is not UTF-8: save it as UTF-8", line: valid.count { $0 == "\n" } + 1)
        return nil
      }
      let document = try YAMLDocument(text)
      repeated = document.repeated
      guard let root = document.root else {
        report(
          "is empty or has only comments: remove the \"#\" before what you need, and fill in your values", line: 1)
        return nil
      }
      return (ConfigNode(node: root, key: "", line: 1, reading: self), file)
    } catch let error as ConfigFile.Unreadable {
      report(error.reason)
    } catch let error as YAMLDocument.Malformed {
      report(error.reason, line: error.line)
    } catch {
      report("\(error)")
    }
    return nil
  }

  func report(_ message: String, line: Int? = nil, key: String? = nil) {
    report(SettingsFaults.Fault(path: path, line: line, key: key.map(withInboxName), message: message))
  }

  /// Keeps the names of `inboxes`, so that messages name an inbox and not only its index.
  func noteNames(ofInboxes inboxes: ConfigNode) {
    for (index, inbox) in (inboxes.elements ?? []).enumerated() {
      guard let members = inbox.node.mapping else { continue }
      for (key, value) in members where key.scalar?.string == "name" {
        let entry = ConfigNode(node: value, key: "", line: nil, reading: self)
        if !entry.isNull, let name = value.scalar?.string, nameFault(name) == nil { inboxNames[index] = name }
      }
    }
  }

  /// `inboxes[0].target (inbox "investors")`
  private func withInboxName(_ key: String) -> String {
    let start = "inboxes["
    guard key.hasPrefix(start), let index = Int(key.dropFirst(start.count).prefix { $0 != "]" }),
      let name = inboxNames[index]
    else { return key }
    return "\(key) (inbox \"\(name)\")"
  }

  /// Reports a fault once, however often its cause occurs: an anchor used twice, a mapping file of two routes.
  func report(_ fault: SettingsFaults.Fault) {
    if isReported.insert(fault).inserted { faults.append(fault) }
  }

  /// Sorted by line, with faults of the whole file first; those of other files (a `secrets.json`) follow this file's
  /// own.
  var sortedFaults: [SettingsFaults.Fault] {
    let own = faults.filter { $0.path == path }
    return own.enumerated().sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }
      .map(\.element) + faults.filter { $0.path != path }
  }

  func note(_ file: ConfigFile, line: Int?, key: String?) {
    secretFiles.append(
      Droppers.SecretFile(path: file.path, mode: file.mode, group: file.group, line: line, key: key))
  }

  func noteSecret(line: Int?, key: String) {
    if inlineSecret == nil { inlineSecret = (line, key) }
  }

  enum Shown {
    case secret
    /// A path made absolute, or a value without the secret in it.
    case text(String)
    /// A number, true or false: if it comes from the environment, it is shown without quotes anyway.
    case unquoted
  }

  func show(_ key: String, _ shown: Shown) { self.shown[key] = shown }

  /// The name of a key that is repeated further down; nil for all others.
  func repeatedName(at mark: Mark?) -> String? {
    mark.flatMap { repeated[YAMLDocument.Place(line: $0.line, column: $0.column)] }
  }

  /// Makes a path absolute without resolving `..`, which could point anywhere after a symbolic link.
  func absolute(_ path: String) -> String {
    let joined = path.hasPrefix("/") ? path : folder + "/" + path
    return "/" + joined.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  /// The path of a file with a secret or certificate: among systemd's credentials if it exists there, otherwise
  /// relative to the configuration.
  func credential(_ path: String) -> String {
    if !path.hasPrefix("/"), let folder = environment?["CREDENTIALS_DIRECTORY"], !folder.isEmpty {
      let candidate = folder + "/" + path
      if access(candidate, F_OK) == 0 { return candidate }
    }
    return absolute(path)
  }

  /// Where the secret in the file at this absolute path comes from.
  func origin(ofFile path: String) -> SecretOrigin {
    guard let folder = environment?["CREDENTIALS_DIRECTORY"], !folder.isEmpty, path.hasPrefix(folder + "/") else {
      return .file(path)
    }
    return .credential(path, isDocument: false)
  }

  /// Where a secret in the SDK's file at this absolute path comes from.
  func origin(ofDocument path: String) -> SecretOrigin {
    if case .file = origin(ofFile: path) { .document(path) } else { .credential(path, isDocument: true) }
  }

  private static var workingFolder: String {
    guard let pointer = getcwd(nil, 0) else { return "" }
    defer { free(pointer) }
    let folder = String(cString: pointer)
    return folder == "/" ? "" : folder
  }
}
