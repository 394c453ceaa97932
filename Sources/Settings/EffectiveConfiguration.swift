internal import Calendar
internal import Core
internal import Formats
internal import JSONText
internal import Yams

/// The configuration as it takes effect: what the file says, with paths made absolute and variables replaced, and the
/// default of everything that it leaves out. Secrets are hidden.
///
/// It is made from what the file says, not from the settings alone: so it has the keys that only one API reads, and the
/// files that secrets come from. `Settings.load` reads it again; but for hidden secrets the settings are the same.
struct EffectiveConfiguration {
  let settings: Settings
  /// What the settings were read from, without a fault.
  let root: ConfigNode

  private var apis: [any APISettings] { root.reading.apis }

  /// In YAML, with its last line's end.
  var text: String {
    """
    # \(settings.path.onOneLine) as upsertd uses it. "# default" marks what the file does not say.

    """ + whole.lines.joined(separator: "\n") + "\n"
  }

  // MARK: Parts

  private var whole: EffectiveValue {
    var whole = written(root)
    whole.fill("spool", .text(settings.spool))
    whole.fill("state", .text(settings.state))
    whole.fill("watch", watch)
    whole.fill("queue", queue)
    whole.fill("retry", retry)
    whole.fill("limits", limits)
    whole.fill(
      "log",
      .mapping([("level", .plain(settings.log.level.rawValue)), ("format", .plain(settings.log.format.rawValue))]))
    whole.fill("notify", .list([]))
    if let admin = settings.admin {
      let host = admin.host.contains(":") ? "[\(admin.host)]" : admin.host
      whole.fill("admin", .mapping([("listen", .text("\(host):\(admin.port)"))]))
    }
    whole.change("notify") { $0.changeElements { receiver, place in fill(&receiver, settings.receivers, place) } }
    whole.change("targets") { targets in
      for target in settings.targets { targets.change(target.name) { fill(&$0, target) } }
    }
    whole.change("inboxes") { $0.changeElements { inbox, place in fill(&inbox, settings.inboxes, place) } }
    whole.sort([
      "spool", "state", "watch", "queue", "retry", "limits", "log", "notify", "admin", "targets", "inboxes",
    ])
    return whole
  }

  private var watch: EffectiveValue {
    .mapping([
      ("poll_interval", .plain(settings.watch.pollInterval.text)), ("settle", .plain(settings.watch.settle.text)),
      ("min_age", .plain(settings.watch.minAge.text)),
    ])
  }

  private var queue: EffectiveValue {
    .mapping([
      ("max_bytes", .plain(settings.queue.maxBytes.writtenSize)),
      ("min_free_disk", .plain(settings.queue.minFreeDisk.writtenSize)),
    ])
  }

  private var retry: EffectiveValue {
    .mapping([
      ("initial", .plain(settings.retry.initial.text)), ("max", .plain(settings.retry.max.text)),
      ("max_age", .plain(settings.retry.maxAge.text)),
    ])
  }

  private var limits: EffectiveValue {
    .mapping([
      ("max_item_bytes", .plain(settings.limits.maxItemBytes.writtenSize)),
      ("max_file_bytes", .plain(settings.limits.maxFileBytes.writtenSize)),
      ("max_nesting", .plain("\(settings.limits.maxNesting)")),
      ("max_gzip_ratio", .plain("\(settings.limits.maxGzipRatio)")),
    ])
  }

  private func fill(_ entry: inout EffectiveValue, _ receivers: [Receiver], _ place: Int) {
    guard receivers.indices.contains(place) else { return }
    let receiver = receivers[place]
    // The second of the same name has one that nobody may give.
    if nameFault(receiver.name) == nil, !receiver.name.contains("#") { entry.fill("name", .text(receiver.name)) }
    let events = NoticeEvent.allCases.filter(receiver.events.contains)
    entry.fill("on", .list(events.map { .plain($0.rawValue) }))
  }

  private func fill(_ entry: inout EffectiveValue, _ target: Target) {
    let api = apis[kind: target.api]
    // Only the configuration of the API's own SDK can say it instead.
    entry.fill("url", .text(target.url), note: "from the SDK's configuration")
    entry.change("auth") { fill(&$0, target.auth, api) }
    entry.fill(
      "batch",
      .mapping([
        ("max_items", .plain("\(target.batch.maxItems)")), ("max_bytes", .plain(target.batch.maxBytes.writtenSize)),
      ]))
    entry.fill("concurrency", .plain("\(target.concurrency)"))
    entry.fill("timeout", .plain(target.timeout.text))
    if let send = target.send {
      entry.change("send") { window in
        if (try? Zone(named: send.zone.name)) != nil { window.fill("timezone", .text(send.zone.name)) }
        window.fill("days", .plain("\(send.days)"))
      }
    }
    entry.fill("allow_plaintext", .plain("false"))
    for (key, value) in Self.defaults(api?.schema.target) { entry.fill(key, value) }
    entry.sort(
      ["api", "url", "auth", "batch", "concurrency", "max_requests_per_second", "timeout", "send"]
        + apis.flatMap(\.targetKeys) + ["ca_file", "client_cert", "client_key", "proxy", "allow_plaintext"])
  }

  private func fill(_ entry: inout EffectiveValue, _ auth: Auth, _ api: (any APISettings)?) {
    guard case .grant(let grant) = auth else { return }
    entry.fill("grant", .plain(grant.kind.rawValue))
    entry.fill("token_url", .text(grant.tokenURL))
    // A key that only this API has may take its place.
    if let scope = grant.scope, !(api?.authKeys ?? []).contains(where: entry.has) { entry.fill("scope", .text(scope)) }
  }

  private func fill(_ entry: inout EffectiveValue, _ inboxes: [Inbox], _ place: Int) {
    guard inboxes.indices.contains(place) else { return }
    let inbox = inboxes[place]
    entry.fill("ignore", .list([]))
    entry.fill("ordering", .plain(inbox.ordering.rawValue))
    entry.fill("duplicates", .plain(inbox.rejectsDuplicates ? "reject" : "send"))
    entry.fill("release", .plain(inbox.waitsForRelease ? "manual" : "automatic"))
    entry.fill("results", .plain(inbox.listsAccepted ? "all" : "rejected"))
    entry.fill("retention", .empty)
    entry.fill("expect", .list([]))
    entry.change("expect") { $0.changeElements { terms, place in fill(&terms, inbox.expect, place) } }
    if entry.has("routes") {
      entry.change("routes") {
        $0.changeElements { route, place in
          if inbox.routes.indices.contains(place) { fill(&route, inbox.routes[place]) }
        }
      }
    } else if let route = inbox.routes.first {
      fill(&entry, route)
    }
    entry.sort(
      [
        "name", "ignore", "marker", "ordering", "duplicates", "release", "results", "retention", "expect", "routes",
      ] + RouteReader.keys(apis))
  }

  private func fill(_ entry: inout EffectiveValue, _ expected: [ExpectationRule], _ place: Int) {
    guard expected.indices.contains(place) else { return }
    let deadline = expected[place].deadline
    entry.fill("match", .text(expected[place].match))
    entry.fill("from", .text("\(deadline.from)"))
    if (try? Zone(named: deadline.zone.name)) != nil { entry.fill("timezone", .text(deadline.zone.name)) }
    entry.fill("days", .plain("\(deadline.days)"))
  }

  private func fill(_ entry: inout EffectiveValue, _ route: Route) {
    entry.fill("match", .text(route.match))
    entry.fill("success_mode", .plain(route.successMode.rawValue))
    entry.fill("validate", .plain(route.validate ? "true" : "false"))
    for api in apis { for (key, value) in Self.defaults(api.schema.route) { entry.fill(key, value) } }
    if route.format?.format.isTable ?? true {
      entry.fill("empty", .plain(route.empty.rawValue))
      // Tabs, which that format says.
      if route.format != .tsv { entry.fill("delimiter", .text(",")) }
      entry.fill("quote", .text("\""))
      entry.fill("escape", .plain("none"))
      entry.fill("skip", .empty)
      entry.fill("null", .list([]))
      entry.fill("decimal", .text("."))
      entry.fill("negative", .list([]))
    }
    if !entry.has("name") { entry.sort(RouteReader.keys(apis)) }
  }

  /// The defaults in an API's part of the JSON Schema.
  private static func defaults(_ schemas: [String: String]?) -> [(String, EffectiveValue)] {
    (schemas ?? [:]).sorted { $0.key < $1.key }.compactMap { key, text -> (String, EffectiveValue)? in
      guard let value = (try? JSONValue.parse(Array(text.utf8)))?["default"] else { return nil }
      return (key, value.string.map { .text($0) } ?? .plain(value.lines.joined(separator: " ")))
    }
  }

  // MARK: What the file says

  private func written(_ entry: ConfigNode) -> EffectiveValue {
    if let mapping = entry.node.mapping {
      let section = ConfigSection(mapping, at: entry)
      return .mapping(section.names.map { name in (name, section.value(name).map(written) ?? .plain("~")) })
    }
    if let elements = entry.elements { return .list(elements.map(written)) }
    return scalar(entry)
  }

  private func scalar(_ entry: ConfigNode) -> EffectiveValue {
    guard let scalar = entry.node.scalar else { return .plain("~") }
    let isPlain = scalar.style == .plain || scalar.style == .any
    let text = scalar.string
    switch entry.reading.shown[entry.key] {
    case .secret:
      // The name of a variable is no secret.
      let isReference = text.hasPrefix("${") && text.dropFirst(2).firstIndex(of: "}") == text.indices.last
      return .text(isReference ? text : "(hidden)", isWritten: true)
    case .text(let shown): return .text(shown)
    case .unquoted, nil: break
    }
    let replaced = EnvironmentReferences(in: text, environment: entry.reading.environment ?? [:])
    guard replaced.isFromEnvironment else { return isPlain ? .plain(text) : .text(text, isWritten: true) }
    if case .unquoted = entry.reading.shown[entry.key] { return .plain(replaced.text) }
    return .text(replaced.text)
  }
}

/// A value of the effective configuration.
indirect enum EffectiveValue {
  /// As it is in the file.
  case scalar(String)
  case list([EffectiveValue])
  case mapping([Member])

  struct Member {
    var key: String
    var value: EffectiveValue
    /// A comment after each of its values.
    var note: String?
  }

  static let empty = EffectiveValue.mapping([Member]())

  static func mapping(_ members: [(String, EffectiveValue)]) -> EffectiveValue {
    EffectiveValue.mapping(members.map { Member(key: $0.0, value: $0.1) })
  }

  /// A word or number without quotes; text with a line break in it gets them all the same.
  static func plain(_ text: String) -> EffectiveValue {
    if text.isEmpty { return .scalar("~") }
    return text.contains(where: \.isNewline) ? Self.text(text, isWritten: true) : .scalar(text)
  }

  /// Text, in quotes unless it is a plain word.
  ///
  /// - Parameter isWritten: whether `${NAME}` in it is meant, as in the file.
  static func text(_ text: String, isWritten: Bool = false) -> EffectiveValue {
    if !isWritten, isWord(text) { return .scalar(text) }
    var quoted: [UInt8] = []
    appendQuoted(isWritten ? text : text.replacing("${", with: "$${"), to: &quoted)
    return .scalar(String(decoding: quoted, as: UTF8.self))
  }

  /// Whether YAML reads it as text without quotes, wherever it is.
  private static func isWord(_ text: String) -> Bool {
    guard let first = text.first, first.isASCII, first.isLetter || first == "/" else { return false }
    let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-@+=".contains($0)) }
    let others = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
    return isPlain && !others.contains(text.lowercased())
  }

  func has(_ key: String) -> Bool {
    if case .mapping(let members) = self { members.contains { $0.key == key } } else { false }
  }

  /// Adds a member that is missing; of a mapping that is there, the members that it lacks.
  mutating func fill(_ key: String, _ value: EffectiveValue, note: String = "default") {
    guard case .mapping(var members) = self else { return }
    if let place = members.firstIndex(where: { $0.key == key }) {
      guard case .mapping(let parts) = value else { return }
      for part in parts { members[place].value.fill(part.key, part.value, note: note) }
    } else {
      members.append(Member(key: key, value: value, note: note))
    }
    self = .mapping(members)
  }

  mutating func change(_ key: String, _ body: (inout EffectiveValue) -> Void) {
    guard case .mapping(var members) = self, let place = members.firstIndex(where: { $0.key == key }) else { return }
    body(&members[place].value)
    self = .mapping(members)
  }

  mutating func changeElements(_ body: (inout EffectiveValue, Int) -> Void) {
    guard case .list(var elements) = self else { return }
    for place in elements.indices { body(&elements[place], place) }
    self = .list(elements)
  }

  /// Puts the members into this order; others come last, in theirs.
  mutating func sort(_ keys: [String]) {
    guard case .mapping(let members) = self else { return }
    let places = members.enumerated().map { offset, member in
      (keys.firstIndex(of: member.key) ?? keys.count, offset, member)
    }
    self = .mapping(places.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2))
  }

  // MARK: As YAML

  /// The value in block style, a line each.
  var lines: [String] { lines(note: nil) }

  private func lines(note: String?) -> [String] {
    switch self {
    case _ where isOneLine: return [flow + comment(note)]
    case .scalar: return [flow + comment(note)]
    case .list(let elements):
      return elements.flatMap { element in
        element.lines(note: note).enumerated().map { ($0.offset == 0 ? "- " : "  ") + $0.element }
      }
    case .mapping(let members):
      return members.flatMap { member in
        let (key, note) = (Self.keyText(member.key), member.note ?? note)
        if member.value.isOneLine { return ["\(key): \(member.value.flow)\(comment(note))"] }
        return ["\(key):"] + member.value.lines(note: note).map { "  " + $0 }
      }
    }
  }

  /// Whether it is on one line: after its key, or as a list's entry.
  private var isOneLine: Bool {
    switch self {
    case .scalar: true
    case .list(let elements): elements.allSatisfy { if case .scalar = $0 { true } else { false } }
    case .mapping(let members): members.isEmpty
    }
  }

  private var flow: String {
    switch self {
    case .scalar(let text): text
    case .list(let elements): "[" + elements.map(\.inFlow).joined(separator: ", ") + "]"
    case .mapping(let members):
      // Only an empty one is on one line.
      members.isEmpty
        ? "{}" : "{" + members.map { "\(Self.keyText($0.key)): \($0.value.inFlow)" }.joined(separator: ", ") + "}"
    }
  }

  /// Within brackets, where commas and brackets have a meaning.
  private var inFlow: String {
    guard case .scalar(let text) = self, !text.hasPrefix("\""), text.contains(where: { ",[]{}".contains($0) }) else {
      return flow
    }
    return EffectiveValue.text(text, isWritten: true).flow
  }

  private func comment(_ note: String?) -> String { note.map { "  # \($0)" } ?? "" }

  private static func keyText(_ key: String) -> String {
    isWord(key) ? key : EffectiveValue.text(key, isWritten: true).flow
  }
}

extension Settings {
  /// The configuration at `path` as it takes effect, as YAML with comments; see `EffectiveConfiguration`.
  ///
  /// - Throws: all faults together, as `load` does.
  package static func effectiveConfiguration(
    path: String, environment: [String: String], apis: [any APISettings]
  ) throws(SettingsFaults) -> String {
    let (settings, root) = try loadWithSource(path: path, environment: environment, withSecrets: true, apis: apis)
    return EffectiveConfiguration(settings: settings, root: root).text
  }
}
