internal import Core

extension Settings {
  /// Reads the configuration at `path`, and every file it names.
  ///
  /// - Parameter environment: the source of `${NAME}`, an SDK's variables and `CREDENTIALS_DIRECTORY`.
  /// - Parameter withSecrets: false for callers that only inspect or give orders, and may not read the daemon's
  ///   secrets: connection settings of targets are then left out, and nothing can be sent.
  /// - Parameter apis: the APIs that a target may name, in the order in which messages list them.
  /// - Throws: all faults together.
  package static func load(
    path: String, environment: [String: String], withSecrets: Bool = true, apis: [any APISettings]
  ) throws(SettingsFaults) -> Settings {
    try loadWithSource(path: path, environment: environment, withSecrets: withSecrets, apis: apis).settings
  }

  /// The same, with the root of the file that was read.
  static func loadWithSource(
    path: String, environment: [String: String], withSecrets: Bool, apis: [any APISettings]
  ) throws(SettingsFaults) -> (settings: Settings, root: ConfigNode) {
    let reading = LoadContext(path: path, environment: environment, readsSecrets: withSecrets, apis: apis)
    let mappings = MappingFiles()
    var settings = Settings(path: path)
    var source: ConfigNode?
    if let (root, file) = reading.root() {
      source = root
      root.section { settings.read($0, mappings) }
      if let secret = reading.inlineSecret, file.isOpenToOthers {
        reading.report(
          "is a secret in a file that is open to others: \(file.othersAdvice), or move the secret to a file of its own",
          line: secret.line, key: secret.key)
      }
      if withSecrets {
        if let secret = reading.inlineSecret { reading.note(file, line: secret.line, key: secret.key) }
        let droppers = Droppers(settings)
        for file in reading.secretFiles {
          if let fault = droppers.fault(of: file) { reading.report(fault, line: file.line, key: file.key) }
        }
      }
    }
    let faults = reading.sortedFaults + mappings.faults
    // A file without a root has a fault.
    guard faults.isEmpty, let source else { throw SettingsFaults(faults: faults) }
    return (settings, source)
  }

  private mutating func read(_ root: ConfigSection, _ mappings: MappingFiles) {
    root.read("spool", into: &spool) { $0.path() }
    root.read("state", into: &state) { $0.path() }
    root.read("watch") { $0.section { watch.read($0) } }
    root.read("queue") { $0.section { queue.read($0) } }
    root.read("retry") { $0.section { retry.read($0) } }
    root.read("limits") { $0.section { limits.read($0) } }
    root.read("log") { $0.section { log.read($0) } }
    if let entry = root.value("notify") {
      receivers = ReceiverReader.named(entry.list { ReceiverReader(entry: $0).read() } ?? [])
    }
    if let entry = root.value("admin") { admin = Self.readAdmin(entry) }

    var names = TargetNames()
    if let entry = root.value("targets") {
      targets =
        entry.section { section in
          if section.names.isEmpty { entry.report("must name at least one target") }
          names = TargetNames(section)
          return section.readAll { name, entry in
            let read = TargetReader(name: name, entry: entry).read()
            names.own[name] = read.own
            return read.target
          }
        } ?? []
    } else {
      root.reportMissing("targets", "say where items are sent")
    }
    if let entry = root.value("inboxes") {
      entry.reading.noteNames(ofInboxes: entry)
      inboxes = entry.list { InboxReader(entry: $0, targets: names, mappings: mappings).read() } ?? []
      if entry.elements?.isEmpty == true { entry.report("must name at least one inbox") }
      Self.checkNames(entry)
    } else {
      root.reportMissing("inboxes", "say where files are dropped")
    }
  }

  /// Two inboxes can't share a folder; an inbox with another fault counts too.
  private static func checkNames(_ entry: ConfigNode) {
    var first: [String: String] = [:]
    for inbox in entry.elements ?? [] {
      guard let name = inbox.member("name"), let text = name.scalarText()?.text else { continue }
      if let other = first[text] {
        name.report("is already the name of \(other): give each inbox its own name")
      } else {
        first[text] = inbox.key
      }
    }
  }

  private static func readAdmin(_ entry: ConfigNode) -> Admin? {
    if entry.isMapping {
      return entry.section { $0.read("listen") { $0.listenAddress() } ?? Admin() }
    }
    return entry.bool() == true ? Admin() : nil
  }
}

extension Settings.Watch {
  fileprivate mutating func read(_ section: ConfigSection) {
    section.read("poll_interval", into: &pollInterval) { $0.duration(.moreThanZero) }
    section.read("settle", into: &settle) { $0.duration(.zero) }
    section.read("min_age", into: &minAge) { $0.duration(.zero) }
  }
}

extension Settings.Queue {
  fileprivate mutating func read(_ section: ConfigSection) {
    section.read("max_bytes", into: &maxBytes) { $0.size(atLeast: 1) }
    section.read("min_free_disk", into: &minFreeDisk) { $0.size(atLeast: 0) }
  }
}

extension Settings.Retry {
  fileprivate mutating func read(_ section: ConfigSection) {
    section.read("initial", into: &initial) { $0.duration(.moreThanZero) }
    section.read("max", into: &max) { $0.duration(.moreThanZero) }
    section.read("max_age", into: &maxAge) { $0.duration(.moreThanZero) }
    if initial > max, let entry = section.value("initial") ?? section.value("max") {
      entry.report("makes the first delay (initial) longer than the longest (max): change one of them")
    }
  }
}

extension Settings.Limits {
  fileprivate mutating func read(_ section: ConfigSection) {
    section.read("max_item_bytes", into: &maxItemBytes) { $0.size(atLeast: 1) }
    section.read("max_file_bytes", into: &maxFileBytes) { $0.size(atLeast: 1) }
    // Some code that reads items recurses once for each nesting level.
    section.read("max_nesting", into: &maxNesting) { $0.int(atLeast: 1, atMost: 1000) }
    section.read("max_gzip_ratio", into: &maxGzipRatio) { $0.int(atLeast: 1, atMost: 1_000_000) }
  }
}

extension Settings.Log {
  fileprivate mutating func read(_ section: ConfigSection) {
    section.read("level", into: &level) { $0.word() }
    section.read("format", into: &format) { $0.word() }
  }
}
