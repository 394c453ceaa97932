internal import Core

/// Reads one of `notify`.
struct ReceiverReader {
  var entry: ConfigNode

  /// Nil if something is missing or wrong; the fault has been reported.
  func read() -> Receiver? { entry.section(read) }

  /// Gives each a name of its own: of those that have the same one, the second becomes `name#2`.
  static func named(_ receivers: [Receiver]) -> [Receiver] {
    var counts: [String: Int] = [:]
    return receivers.map { receiver in
      let count = (counts[receiver.name] ?? 0) + 1
      counts[receiver.name] = count
      var receiver = receiver
      if count > 1 { receiver.name += "#\(count)" }
      return receiver
    }
  }

  private func read(_ section: ConfigSection) -> Receiver? {
    let name = section.read("name", readName)
    let events = section.read("on", readEvents)
    let isWebhook = section.has("webhook")
    guard isWebhook != section.has("mail") else {
      entry.report(
        isWebhook
          ? "has both webhook and mail: make two entries of it"
          : "names no receiver: give a webhook's URL (webhook) or a mail address (mail)")
      // The other keys may be those of either way.
      for key in Self.keys { _ = section.value(key) }
      return nil
    }
    guard var receiver = isWebhook ? readWebhook(section) : readMail(section) else { return nil }
    if let name { receiver.name = name }
    if let events { receiver.events = events }
    return receiver
  }

  private static let keys = [
    "webhook", "secret", "secret_file", "ca_file", "proxy", "mail", "from", "smtp", "username", "password",
    "password_file",
  ]

  private func readName(_ entry: ConfigNode) -> String? {
    guard let name = entry.text() else { return nil }
    if let reason = nameFault(name) {
      entry.report("\(reason): give a plain word")
      return nil
    }
    if name.contains("#") {
      entry.report("contains a \"#\": give a name without it")
      return nil
    }
    return name
  }

  private func readEvents(_ entry: ConfigNode) -> Set<NoticeEvent>? {
    if entry.elements?.isEmpty == true {
      entry.report("must name at least one event: \(NoticeEvent.allCases.map(\.rawValue).joined(separator: ", "))")
      return nil
    }
    return entry.oneOrMore { $0.word(NoticeEvent.self) }.map { Set($0) }
  }

  private func readWebhook(_ section: ConfigSection) -> Receiver? {
    let url = section.read("webhook", readURL)
    let secret = readSecret("secret", section)
    if !section.has("secret"), !section.has("secret_file") {
      section.reportMissing("secret_file", "what is posted is signed with it; give the receiver the same secret")
    }
    let caFile = readsSecrets ? section.read("ca_file") { $0.certificateFile() } : ignored("ca_file", section)
    let proxy = readsSecrets ? readProxy(section) : ignored("proxy", section)
    if readsSecrets, let secret, !Receiver.Webhook.isKey(secret.value) {
      section.report(
        "begins with \"whsec_\", but no Base64 follows: nothing would be signed with the receiver's key",
        at: section.has("secret") ? "secret" : "secret_file")
      return nil
    }
    guard let url, let secret else { return nil }
    return Receiver(
      name: url.host, way: .webhook(Receiver.Webhook(url: url.text, secret: secret)), caFile: caFile, proxy: proxy)
  }

  private func readMail(_ section: ConfigSection) -> Receiver? {
    let to = section.read("mail", readAddress)
    let from = section.read("from", readAddress)
    if !section.has("from") { section.reportMissing("from", "give the address that the mail comes from") }
    let server = section.read("smtp", readServer)
    if !section.has("smtp") { section.reportMissing("smtp", "give the mail server, such as smtps://mail.example.com") }
    let username = section.read("username") { $0.text() }
    let password = readSecret("password", section)
    let hasPassword = section.has("password") || section.has("password_file")
    if hasPassword, !section.has("username") { section.reportMissing("username", "a password needs a username") }
    if section.has("username"), !hasPassword { section.reportMissing("password_file", "a username needs a password") }
    let caFile = readsSecrets ? section.read("ca_file") { $0.certificateFile() } : ignored("ca_file", section)
    guard let to, let from, let server else { return nil }
    return Receiver(
      name: to,
      way: .mail(
        Receiver.Mail(
          to: to, from: from, server: server.text, isLoopback: server.isLoopback, username: username,
          password: password)),
      caFile: caFile, proxy: nil)
  }

  private var readsSecrets: Bool { entry.reading.readsSecrets }

  private func ignored<T>(_ key: String, _ section: ConfigSection) -> T? {
    _ = section.value(key)
    return nil
  }

  /// An inline secret, or one in a file.
  private func readSecret(_ name: String, _ section: ConfigSection) -> Secret? {
    guard readsSecrets else {
      for key in [name, name + "_file"] { _ = section.value(key) }
      return Secret("")
    }
    let inLine = section.read(name) { $0.secret() }
    let inFile = section.read(name + "_file") { $0.secretFile() }
    if section.has(name), section.has(name + "_file") {
      section.report("is given as well as \(name): keep one of them", at: name + "_file")
    }
    return inLine ?? inFile
  }

  private func readProxy(_ section: ConfigSection) -> Proxy? {
    guard let entry = section.value("proxy"), case .proxy(let proxy) = entry.proxy() else { return nil }
    return proxy
  }

  private func readURL(_ entry: ConfigNode) -> (text: String, host: String)? {
    guard let text = entry.text() else { return nil }
    let query = text.drop { $0 != "?" }
    guard query.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"\"<>\\^`{|}#".utf8.contains($0) }) else {
      entry.report("must be a URL without \"#\", with spaces, quotes and brackets encoded")
      return nil
    }
    do {
      let address = try WebAddress(String(text.dropLast(query.count)), schemes: ["https", "http"])
      if address.username != nil {
        entry.report("must not contain credentials: the receiver knows upsertd by its signature")
      } else if address.port == 0 {
        entry.report("has a port that is not a number from 1 to 65535")
      } else if address.scheme == "http", !address.isLoopback {
        entry.report("is plain http, which lets others read it: use https")
      } else {
        // Whoever knows the rest of it may post there.
        let server =
          address.text.prefix(address.scheme.count + 3)
          + address.text.dropFirst(address.scheme.count + 3).prefix { $0 != "/" }
        if server != address.text || !query.isEmpty { entry.reading.show(entry.key, .text(server + "/hidden")) }
        return (text, address.host)
      }
    } catch {
      entry.report(error.reason)
    }
    return nil
  }

  private func readServer(_ entry: ConfigNode) -> WebAddress? {
    guard let text = entry.text() else { return nil }
    do {
      let address = try WebAddress(text, schemes: ["smtps", "smtp"])
      if address.username != nil {
        entry.report("must not contain credentials: move them to username and password_file")
      } else if address.port == 0 {
        entry.report("has a port that is not a number from 1 to 65535")
      } else if address.text.dropFirst(address.scheme.count + 3).contains("/") {
        entry.report("must be smtps:// or smtp:// with a host and perhaps a port, and nothing behind them")
      } else {
        return address
      }
    } catch {
      entry.report(error.reason)
    }
    return nil
  }

  /// `local@domain`, in ASCII, as it can be used in a command of SMTP and in a header.
  private func readAddress(_ entry: ConfigNode) -> String? {
    guard let text = entry.text() else { return nil }
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"(),:;<>[\\]".utf8.contains($0) }
    guard isPlain, parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, text.utf8.count <= 254 else {
      entry.report("must be a mail address such as ops@example.com, without a name and brackets, but is \"\(text)\"")
      return nil
    }
    return text
  }
}
