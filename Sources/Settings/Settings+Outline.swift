internal import Calendar
internal import Core
internal import JSONText

// What the commands that look, or give orders, need of the settings. The daemon sends them over its control socket, so
// that they work while the configuration on disk is faulty.
extension Settings {
  /// One line of JSON, with its end: no secrets, and nothing that only reading or sending a file needs.
  package var outline: [UInt8] {
    JSONValue([
      "path": JSONValue(path), "spool": JSONValue(spool), "state": JSONValue(state),
      "pollInterval": JSONValue(Int(watch.pollInterval.milliseconds)),
      "settle": JSONValue(Int(watch.settle.milliseconds)),
      "maxQueueBytes": JSONValue(queue.maxBytes), "minFreeDisk": JSONValue(queue.minFreeDisk),
      "maxItemBytes": JSONValue(limits.maxItemBytes), "maxFileBytes": JSONValue(limits.maxFileBytes),
      "maxNesting": JSONValue(limits.maxNesting), "maxGzipRatio": JSONValue(limits.maxGzipRatio),
      "targets": .array(
        targets.map {
          JSONValue([
            "name": JSONValue($0.name), "api": JSONValue($0.api.rawValue), "url": JSONValue($0.url),
            "send": $0.send?.outline ?? .null,
          ])
        }),
      "inboxes": .array(inboxes.map(\.outline)),
    ]).document
  }

  /// Nil if this is not such a line. Nothing can be sent with these settings.
  package init?(outline line: [UInt8]) {
    guard let outline = try? JSONValue.parse(line, maxNesting: 16), let path = outline["path"]?.string,
      let spool = outline["spool"]?.string, let state = outline["state"]?.string,
      let targets = outline["targets"]?.elements, let inboxes = outline["inboxes"]?.elements
    else { return nil }
    self.init(path: path)
    self.spool = spool
    self.state = state
    if let time = outline["pollInterval"]?.integer { watch.pollInterval = .milliseconds(time) }
    if let time = outline["settle"]?.integer { watch.settle = .milliseconds(time) }
    queue.maxBytes = outline["maxQueueBytes"]?.integer ?? queue.maxBytes
    queue.minFreeDisk = outline["minFreeDisk"]?.integer ?? queue.minFreeDisk
    limits.maxItemBytes = outline["maxItemBytes"]?.integer ?? limits.maxItemBytes
    limits.maxFileBytes = outline["maxFileBytes"]?.integer ?? limits.maxFileBytes
    limits.maxNesting = outline["maxNesting"]?.integer ?? limits.maxNesting
    limits.maxGzipRatio = outline["maxGzipRatio"]?.integer ?? limits.maxGzipRatio
    self.targets = targets.compactMap { target in
      guard let name = target["name"]?.string, let api = target["api"]?.string else { return nil }
      return Target(
        name: name, api: APIKind(rawValue: api), url: target["url"]?.string ?? "", auth: .accessToken(Secret("")),
        send: target["send"].flatMap(DailyWindow.init(outline:)))
    }
    self.inboxes = inboxes.compactMap(Inbox.init(outline:))
  }
}

extension DailyWindow {
  fileprivate var outline: JSONValue {
    JSONValue([
      "from": JSONValue("\(from)"), "to": JSONValue("\(to)"), "days": JSONValue("\(days)"),
      "zone": JSONValue(zone.name),
    ])
  }

  /// Nil if it can't be made again: its zone may be a file that this machine's zones do not have by name.
  fileprivate init?(outline: JSONValue) {
    guard let from = outline["from"]?.string, let to = outline["to"]?.string, let days = outline["days"]?.string,
      let zone = outline["zone"]?.string,
      let window = try? DailyWindow(
        from: TimeOfDay(from), to: TimeOfDay(to), days: DaysOfWeek(days),
        zone: (try? Zone(named: zone)) ?? Zone.ofMachine(tz: zone))
    else { return nil }
    self = window
  }
}

extension Inbox {
  fileprivate var outline: JSONValue {
    JSONValue([
      "name": JSONValue(name), "ignore": .array(ignore.map { JSONValue($0) }), "marker": JSONValue(marker),
      "waitsForRelease": .bool(waitsForRelease),
      "results": JSONValue(listsAccepted ? "all" : "rejected"),
      "retention": JSONValue([
        "archive": Self.outline(of: retention.archive), "rejected": Self.outline(of: retention.rejected),
        "receipts": Self.outline(of: retention.receipts), "accepted": Self.outline(of: retention.accepted),
      ]),
      "expect": .array(expect.map(Self.outline)),
      "routes": .array(
        routes.map { route in
          var target: String?
          if case .named(let name) = route.target { target = name }
          return JSONValue(["match": JSONValue(route.match), "target": JSONValue(target)])
        }),
    ])
  }

  fileprivate init?(outline: JSONValue) {
    guard let name = outline["name"]?.string else { return nil }
    self.init(name: name)
    ignore = outline["ignore"]?.elements?.compactMap(\.string) ?? []
    marker = outline["marker"]?.string
    if case .bool(true)? = outline["waitsForRelease"] { waitsForRelease = true }
    listsAccepted = outline["results"]?.string == "all"
    let retention = outline["retention"]
    self.retention = Retention(
      archive: Self.duration(retention?["archive"]), rejected: Self.duration(retention?["rejected"]),
      receipts: Self.duration(retention?["receipts"]), accepted: Self.duration(retention?["accepted"]))
    expect = outline["expect"]?.elements?.compactMap(Self.options) ?? []
    routes = (outline["routes"]?.elements ?? []).map { route in
      var made = Route(target: route["target"]?.string.map(RouteTarget.named) ?? .auto)
      made.match = route["match"]?.string ?? made.match
      return made
    }
  }

  private static func outline(of options: ExpectationRule) -> JSONValue {
    let deadline = options.deadline
    return JSONValue([
      "match": JSONValue(options.match), "from": JSONValue(deadline.from.description),
      "by": JSONValue(deadline.by.description), "timezone": JSONValue(deadline.zone.name),
      "days": JSONValue(deadline.days.description), "minItems": options.minItems.map { JSONValue($0) } ?? .null,
      "sequence": JSONValue(options.sequence?.text),
    ])
  }

  private static func options(_ outline: JSONValue) -> ExpectationRule? {
    guard let match = outline["match"]?.string, let from = outline["from"]?.string, let by = outline["by"]?.string,
      let zone = outline["timezone"]?.string, let days = outline["days"]?.string
    else { return nil }
    do {
      return ExpectationRule(
        match: match,
        // The machine's own zone may have a name that only TZ may have.
        deadline: try DailyDeadline(
          from: TimeOfDay(from), by: TimeOfDay(by), days: DaysOfWeek(days),
          zone: (try? Zone(named: zone)) ?? (try? Zone.ofMachine(tz: zone)) ?? Zone.ofMachine(tz: nil)),
        minItems: outline["minItems"]?.integer,
        sequence: try outline["sequence"]?.string.map { try SequencePattern($0) })
    } catch {
      return nil
    }
  }

  private static func outline(of duration: Duration?) -> JSONValue {
    duration.map { JSONValue(Int($0.milliseconds)) } ?? .null
  }

  private static func duration(_ milliseconds: JSONValue?) -> Duration? {
    milliseconds?.integer.map { .milliseconds($0) }
  }
}

extension Settings {
  /// Where the daemon of a configuration that can't be used keeps its state: what `state` says, as far as that can be
  /// read, otherwise the default.
  package static func readableState(path: String, environment: [String: String]) -> String {
    let standard = Settings(path: path).state
    guard let text = (try? ConfigFile(path: path))?.text else { return standard }
    // A syntax error somewhere else does not make this line unreadable.
    let line = text.split(whereSeparator: \.isNewline).last { $0.hasPrefix("state:") }
    for text in [text, line.map(String.init)].compactMap({ $0 }) {
      guard let root = (try? YAMLDocument(text))?.root else { continue }
      // Faults are reported to nobody: the caller has reported them already.
      let reading = LoadContext(path: path, environment: environment, readsSecrets: false)
      let state = ConfigNode(node: root, key: "", line: 1, reading: reading).section { section in
        section.read("state") { $0.path() }
      }
      return state ?? standard
    }
    return standard
  }
}
