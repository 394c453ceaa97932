extension ConfigNode {
  /// A secret given in the configuration itself or by the environment.
  func secret() -> Secret? {
    guard !isNull else {
      report("has no value: give one, or leave out the key")
      return nil
    }
    guard let text = scalarText() else { return nil }
    guard !text.text.isEmpty else {
      report("must not be empty")
      return nil
    }
    if !text.isFromEnvironment { reading.noteSecret(line: line, key: key) }
    return Secret(text.text, from: text.isFromEnvironment ? .environment : .configuration)
  }

  /// A secret in a file of its own.
  func secretFile() -> Secret? {
    text().flatMap { name in
      let path = reading.credential(name)
      var secret = readSecret { () throws(SecretFault) in try Secret(path: path, onRead: note) }
      secret?.origin = reading.origin(ofFile: path)
      return secret
    }
  }

  /// The absolute path of a file that holds an access token now.
  func tokenFile() -> String? {
    guard let path = text().map(reading.credential) else { return nil }
    return readSecret { () throws(SecretFault) in try Secret(tokenFile: path, onRead: note) } == nil ? nil : path
  }

  /// Who may read the file is checked once the inboxes are known.
  private func note(_ file: ConfigFile) { reading.note(file, line: line, key: key) }

  private func readSecret(_ read: () throws(SecretFault) -> Secret) -> Secret? {
    do {
      return try read()
    } catch {
      report(error.description)
      return nil
    }
  }

  /// The absolute path of an existing, readable PEM file.
  func certificateFile(isSecret: Bool = false) -> String? {
    guard let name = text() else { return nil }
    let path = reading.credential(name)
    do {
      let file = try ConfigFile(path: path)
      if isSecret { note(file) }
      if isSecret, file.isOpenToOthers {
        report("read \"\(path)\": \(file.othersAdvice)")
        return nil
      }
      return path
    } catch {
      report("read \"\(path)\": \(error.reason)")
      return nil
    }
  }
}

extension Secret {
  /// The token itself; if it can't be used in a header, reports a fault and returns nil.
  func checkedToken(_ report: (String) -> Void) -> Secret? {
    if isToken { return self }
    report(Self.noTokenAdvice)
    return nil
  }
}
