internal import JSONText

/// What the LUSID SDK's own configuration says: a `secrets.json`, or FBN_* in the environment.
///
/// An empty value counts as none, as it does for the SDK.
struct SDKConfiguration {
  var tokenURL: Item?
  var url: Item?
  var username: Item?
  var password: Item?
  var clientID: Item?
  var clientSecret: Item?
  var accessToken: Item?
  var accessTokenFile: Item?
  var proxyAddress: Item?
  var proxyUsername: Item?
  var proxyPassword: Item?
  /// The names under which a grant's parts are missed in messages.
  var names: Names

  /// A value, and what to call it in a message.
  struct Item {
    var value: String
    var name: String
  }

  struct Names {
    var tokenURL: String
    var url: String
    var username: String
    var password: String
    var clientID: String
    var clientSecret: String
  }

  init(environment: [String: String]) {
    func item(_ names: String...) -> Item? {
      names.lazy.compactMap { name in
        environment[name].flatMap { $0.isEmpty ? nil : Item(value: $0, name: name) }
      }.first
    }
    tokenURL = item("FBN_TOKEN_URL")
    url = item("FBN_LUSID_URL", "FBN_LUSID_API_URL")
    username = item("FBN_USERNAME")
    password = item("FBN_PASSWORD")
    clientID = item("FBN_CLIENT_ID")
    clientSecret = item("FBN_CLIENT_SECRET")
    accessToken = item("FBN_ACCESS_TOKEN")
    accessTokenFile = item("FBN_ACCESS_TOKEN_FILE")
    proxyAddress = item("FBN_PROXY_ADDRESS")
    proxyUsername = item("FBN_PROXY_USERNAME")
    proxyPassword = item("FBN_PROXY_PASSWORD")
    names = Names(
      tokenURL: "FBN_TOKEN_URL", url: "FBN_LUSID_URL", username: "FBN_USERNAME", password: "FBN_PASSWORD",
      clientID: "FBN_CLIENT_ID", clientSecret: "FBN_CLIENT_SECRET")
  }

  /// Reads a `secrets.json`; faults are told of that file, with the member's path.
  ///
  /// Members that upsertd has no use for (`applicationName`, other products' URLs) are left alone.
  ///
  /// - Parameter note: is told what was read, whoever may read it.
  init?(secretsFile path: String, note: (SmallFile) -> Void, report: (SettingsFaults.Fault) -> Void) {
    func refuse(_ message: String, line: Int? = nil, key: String? = nil) {
      report(SettingsFaults.Fault(path: path, line: line, key: key, message: message))
    }
    let file: SmallFile
    do {
      file = try SmallFile(path: path)
    } catch {
      refuse(error.reason)
      return nil
    }
    note(file)
    if file.isOpenToOthers { refuse(file.othersAdvice) }
    // Windows' editors put a byte order mark in front, which is not JSON.
    let bytes = file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(file.bytes.dropFirst(3)) : file.bytes
    let document: JSONValue
    do {
      document = try JSONValue.parse(bytes)
    } catch {
      let before = bytes.prefix(error.offset)
      let column = error.offset - (before.lastIndex(of: UInt8(ascii: "\n")) ?? -1)
      refuse(
        "is not valid JSON: \(error.reason) (column \(column))", line: before.count { $0 == UInt8(ascii: "\n") } + 1)
      return nil
    }
    guard document.members != nil else {
      refuse("must be a JSON object with the member \"api\"")
      return nil
    }
    func item(_ section: String, _ name: String) -> Item? {
      switch document[section]?[name] {
      case .string(let text): return text.isEmpty ? nil : Item(value: text, name: "\(section).\(name) in \"\(path)\"")
      case .none, .null: return nil
      default:
        refuse("must be a string", key: "\(section).\(name)")
        return nil
      }
    }
    for section in ["api", "proxy"] {
      if let value = document[section], value.members == nil {
        if case .null = value { continue }
        refuse("must be an object", key: section)
      }
    }
    tokenURL = item("api", "tokenUrl")
    url = item("api", "lusidUrl")
    username = item("api", "username")
    password = item("api", "password")
    clientID = item("api", "clientId")
    clientSecret = item("api", "clientSecret")
    accessToken = item("api", "accessToken")
    proxyAddress = item("proxy", "address")
    proxyUsername = item("proxy", "username")
    proxyPassword = item("proxy", "password")
    let place = " in \"\(path)\""
    names = Names(
      tokenURL: "api.tokenUrl" + place, url: "api.lusidUrl" + place, username: "api.username" + place,
      password: "api.password" + place, clientID: "api.clientId" + place, clientSecret: "api.clientSecret" + place)
  }
}
