import JSONText
import Settings

// The LUSID SDK's own configuration: a `secrets.json`, or FBN_* in the environment. An empty value counts as missing,
// as in the SDK.

extension SDKConfiguration {
  init(lusidEnvironment environment: [String: String]) {
    self.init(
      names: Names(
        tokenURL: "FBN_TOKEN_URL", url: "FBN_LUSID_URL", username: "FBN_USERNAME", password: "FBN_PASSWORD",
        clientID: "FBN_CLIENT_ID", clientSecret: "FBN_CLIENT_SECRET"))
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
  }

  /// Ignores members that upsertd has no use for (`applicationName`, other products' URLs).
  init?(lusidSecrets document: SecretDocument) {
    guard document.root.members != nil else {
      document.report("must be a JSON object with the member \"api\"")
      return nil
    }
    for section in ["api", "proxy"] {
      if let value = document.root[section], value.members == nil {
        if case .null = value { continue }
        document.report("must be an object", key: section)
      }
    }
    let place = " in \"\(document.path)\""
    self.init(
      names: Names(
        tokenURL: "api.tokenUrl" + place, url: "api.lusidUrl" + place, username: "api.username" + place,
        password: "api.password" + place, clientID: "api.clientId" + place,
        clientSecret: "api.clientSecret" + place))
    path = document.path
    tokenURL = document.item("api", "tokenUrl")
    url = document.item("api", "lusidUrl")
    username = document.item("api", "username")
    password = document.item("api", "password")
    clientID = document.item("api", "clientId")
    clientSecret = document.item("api", "clientSecret")
    accessToken = document.item("api", "accessToken")
    proxyAddress = document.item("proxy", "address")
    proxyUsername = document.item("proxy", "username")
    proxyPassword = document.item("proxy", "password")
  }
}
