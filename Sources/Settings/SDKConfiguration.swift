/// The configuration of an API's own SDK: a file, or environment variables.
package struct SDKConfiguration {
  package var tokenURL: Item?
  package var url: Item?
  package var username: Item?
  package var password: Item?
  package var clientID: Item?
  package var clientSecret: Item?
  package var accessToken: Item?
  package var accessTokenFile: Item?
  package var proxyAddress: Item?
  package var proxyUsername: Item?
  package var proxyPassword: Item?
  /// The file that it was read from; nil if it is the environment's.
  package var path: String?
  /// The names that messages use for missing parts of a grant.
  package var names: Names

  /// A value, and its name for messages.
  package struct Item {
    package var value: String
    package var name: String

    package init(value: String, name: String) {
      self.value = value
      self.name = name
    }
  }

  package struct Names {
    package var tokenURL: String
    package var url: String
    package var username: String
    package var password: String
    package var clientID: String
    package var clientSecret: String

    package init(
      tokenURL: String, url: String, username: String, password: String, clientID: String, clientSecret: String
    ) {
      self.tokenURL = tokenURL
      self.url = url
      self.username = username
      self.password = password
      self.clientID = clientID
      self.clientSecret = clientSecret
    }
  }

  package init(names: Names) { self.names = names }
}
