internal import Core

/// Reads one of `targets`.
struct TargetReader {
  var name: String
  var entry: ConfigNode

  /// The target is nil if a required setting is missing or wrong; the fault has been reported. What only its API has is
  /// known even then, since routes are checked with it.
  func read() -> (target: Target?, own: OwnSettings) {
    checkName()
    var own = OwnSettings()
    let target = entry.section { read($0, into: &own) }
    return (target, own)
  }

  private func checkName() {
    if name == "auto" {
      entry.report("can't be a target's name, since auto selects the target by a file's content: choose another name")
    } else if let reason = nameFault(name) {
      entry.report("has a name that \(reason)")
    }
  }

  private func read(_ section: ConfigSection, into own: inout OwnSettings) -> Target? {
    let apis = entry.reading.apis
    let name = section.read("api") { $0.word(among: apis.map(\.kind.rawValue)) }
    let api = apis[kind: name.map(APIKind.init(rawValue:))]
    if !section.has("api") { section.reportMissing("api", "write \(apis.alternatives)") }
    for owner in apis { owner.readTarget(section, of: api, into: &own) }
    let allowsPlaintext = section.read("allow_plaintext") { $0.bool() } ?? false
    var url = section.read("url") { $0.webAddress(allowsPlaintext: allowsPlaintext) }
    guard section.entry.reading.readsSecrets else { return outline(section, api, url, own) }
    let found = AuthReader(target: section, api: api, url: url, allowsPlaintext: allowsPlaintext).read()
    if !section.has("url"), let api, !found.isAccessUnknown {
      if let item = found.access?.url {
        url = entry.webAddress(item, allowsPlaintext: allowsPlaintext)
      } else {
        let other = found.access.map { "; or give \($0.names.url)" } ?? ""
        section.reportMissing("url", "give the API's address, such as \(api.exampleURL)\(other)")
      }
    }
    var target = Target(
      name: self.name, api: api?.kind ?? "", url: url ?? "", auth: found.auth ?? .accessToken(Secret("")))
    section.read("batch") { $0.section { readBatch($0, &target.batch) } }
    section.read("concurrency", into: &target.concurrency) { $0.int(atLeast: 1, atMost: 1000) }
    section.read("max_requests_per_second", into: &target.maxRequestsPerSecond) { $0.rate() }
    section.read("timeout", into: &target.timeout) { $0.duration(.moreThanZero) }
    section.read("send", into: &target.send) { $0.sendWindow() }
    target.own = own
    readCertificates(section, &target)
    target.proxy = readProxy(section, api, found.access)
    return api == nil || url == nil || found.auth == nil ? nil : target
  }

  /// The target without any setting that requires a secret.
  private func outline(
    _ section: ConfigSection, _ api: (any APISettings)?, _ url: String?, _ own: OwnSettings
  ) -> Target? {
    let left = [
      "auth", "batch", "concurrency", "max_requests_per_second", "timeout", "ca_file", "client_cert", "client_key",
      "proxy",
    ]
    for key in left { _ = section.value(key) }
    let send = section.read("send") { $0.sendWindow() }
    return api.map {
      Target(name: name, api: $0.kind, url: url ?? "", auth: .accessToken(Secret("")), send: send, own: own)
    }
  }

  private func readBatch(_ section: ConfigSection, _ batch: inout Target.BatchLimits) {
    section.read("max_items", into: &batch.maxItems) { $0.int(atLeast: 1, atMost: 1_000_000) }
    section.read("max_bytes", into: &batch.maxBytes) { $0.size(atLeast: 1) }
    section.read("linger", into: &batch.linger) { $0.duration(.zero) }
  }

  private func readCertificates(_ section: ConfigSection, _ target: inout Target) {
    target.caFile = section.read("ca_file") { $0.certificateFile() }
    target.clientCert = section.read("client_cert") { $0.certificateFile() }
    target.clientKey = section.read("client_key") { $0.certificateFile(isSecret: true) }
    if section.has("client_key"), !section.has("client_cert") {
      section.reportMissing("client_cert", "client_key needs it")
    }
  }

  /// The target's own proxy, otherwise the one in the SDK's configuration.
  private func readProxy(_ section: ConfigSection, _ api: (any APISettings)?, _ access: SDKConfiguration?) -> Proxy? {
    if let entry = section.value("proxy") {
      return if case .proxy(let proxy) = entry.proxy() { proxy } else { nil }
    }
    guard let environment = api?.sdkConfiguration(environment: entry.reading.environment ?? [:]) else { return nil }
    if let access, access.proxyAddress != nil { return entry.proxy(access) }
    return entry.proxy(environment)
  }
}

/// The targets as routes see them, including those with other faults.
struct TargetNames {
  /// In the file's order; the API is nil if it is unknown.
  var apis: [(name: String, api: APIKind?)]
  /// By name: the settings that only the target's API has.
  var own: [String: OwnSettings] = [:]

  init(_ section: ConfigSection) {
    apis = []
    for name in section.names {
      let api = section.value(name)?.member("api")?.scalarText()?.text
      apis.append((name, section.entry.reading.apis[kind: api.map(APIKind.init(rawValue:))]?.kind))
    }
  }

  init() { apis = [] }

  var names: [String] { apis.map(\.name) }

  /// What only an API has, of the target that a route leads to if its items are that API's.
  func own(of target: RouteTarget, _ api: APIKind) -> OwnSettings {
    switch target {
    case .named(let name): own[name] ?? OwnSettings()
    case .auto: apis.first { $0.api == api }.flatMap { own[$0.name] } ?? OwnSettings()
    }
  }

  /// The APIs that a route can lead to; nil if one of them is unknown.
  func apis(of target: RouteTarget) -> Set<APIKind>? {
    let reached =
      switch target {
      case .auto: apis
      case .named(let name): apis.filter { $0.name == name }
      }
    let known = reached.compactMap(\.api)
    return known.count == reached.count ? Set(known) : nil
  }
}
