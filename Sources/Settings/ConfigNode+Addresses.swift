extension ConfigNode {
  /// The URL of an API or a token endpoint, without a trailing slash.
  func webAddress(allowsPlaintext: Bool) -> String? {
    text().flatMap { webAddress($0, allowsPlaintext: allowsPlaintext) { report(quoting($0)) } }
  }

  /// The same for a URL in an SDK's configuration.
  func webAddress(_ item: SDKConfiguration.Item, allowsPlaintext: Bool) -> String? {
    webAddress(item.value, allowsPlaintext: allowsPlaintext) { report("\(item.name) \($0)") }
  }

  private func webAddress(_ url: String, allowsPlaintext: Bool, refuse: (String) -> Void) -> String? {
    do {
      let address = try WebAddress(url, schemes: ["https", "http"])
      if address.username != nil {
        refuse("must not contain credentials: move them to auth")
      } else if address.port == 0 {
        refuse("has a port that is not a number from 1 to 65535")
      } else if address.scheme == "http", !address.isLoopback, !allowsPlaintext {
        refuse(
          "is plain http, which lets others read tokens and data: use https, or set allow_plaintext: true "
            + "for the target")
      } else {
        return address.text
      }
    } catch {
      refuse(error.reason)
    }
    return nil
  }

  /// A fault with the URL that it is about, as written, unless that may hold a password.
  private func quoting(_ fault: String) -> String {
    guard let written = scalarText()?.written, !written.contains("@"), !written.contains("?") else { return fault }
    return fault.hasPrefix("must ") ? "\(fault), but is \"\(written)\"" : "\"\(written)\" \(fault)"
  }

  private static let proxySchemes = ["http", "https", "socks5h", "socks5", "socks4a", "socks4"]

  enum ProxyChoice {
    case none
    case proxy(Proxy)
  }

  /// A URL, a mapping of `address`, `username` and `password`, or `false` for no proxy.
  func proxy() -> ProxyChoice? {
    if isMapping { return section(readProxy).map(ProxyChoice.proxy) }
    guard let text = scalarText() else { return nil }
    if text.text == "false", !text.isQuoted { return ProxyChoice.none }
    guard let url = self.text(), let proxy = proxy(url, refuse: { report(quoting($0)) }) else { return nil }
    if proxy.password != nil {
      if !text.isFromEnvironment { reading.noteSecret(line: line, key: key) }
      // Its scheme, host and port are no secret; whoever the proxy knows may be.
      reading.show(key, .text(proxy.address.replacing("://", with: "://hidden:hidden@", maxReplacements: 1)))
    }
    return .proxy(proxy)
  }

  private func readProxy(_ section: ConfigSection) -> Proxy? {
    let username = section.read("username") { $0.text() }
    let password = section.read("password") { $0.secret() }
    guard let entry = section.value("address") else {
      section.reportMissing("address", "give the proxy's URL, such as http://proxy.example.com:3128")
      return nil
    }
    guard let url = entry.text(), var proxy = entry.proxy(url, refuse: { entry.report(entry.quoting($0)) }) else {
      return nil
    }
    if proxy.username != nil {
      entry.report("must not contain credentials: move them to username and password")
      return nil
    }
    if password != nil, username == nil { section.reportMissing("username", "a password needs a username") }
    proxy.username = username
    proxy.password = password
    return proxy
  }

  /// The proxy of an SDK's configuration.
  func proxy(_ access: SDKConfiguration) -> Proxy? {
    guard let item = access.proxyAddress else { return nil }
    guard var proxy = proxy(item.value, refuse: { report("\(item.name) \($0)") }) else { return nil }
    if let username = access.proxyUsername { proxy.username = username.value }
    if let password = access.proxyPassword { proxy.password = Secret(password.value) }
    return proxy
  }

  private func proxy(_ url: String, refuse: (String) -> Void) -> Proxy? {
    do {
      let address = try WebAddress(url, schemes: Self.proxySchemes)
      guard address.port != 0 else {
        refuse("has a port that is not a number from 1 to 65535")
        return nil
      }
      return Proxy(address: address.text, username: address.username, password: address.password.map { Secret($0) })
    } catch {
      refuse(error.reason)
      return nil
    }
  }

  /// `127.0.0.1:9187`, `[::1]:9187`, `localhost:9187`.
  func listenAddress() -> Settings.Admin? {
    guard let text = text() else { return nil }
    do {
      let (host, port) = try WebAddress.hostAndPort(text[...])
      guard let port else {
        report("has no port: write it as \(text):9187")
        return nil
      }
      return Settings.Admin(host: host, port: port)
    } catch {
      report("must be an address and a port such as 127.0.0.1:9187, but \(error.reason)")
      return nil
    }
  }
}
