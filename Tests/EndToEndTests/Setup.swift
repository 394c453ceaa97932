import Sandbox
import TestKit

/// The configuration of a world, in YAML lines.
struct Setup: Sendable {
  var targets: [String]
  var inboxes: [String]
  var retry = "{initial: 20ms, max: 200ms}"
  var queue = "{min_free_disk: 1KiB}"
  var watch = "{poll_interval: 50ms, settle: 100ms}"
  var level = "info"
  var format = "text"
  var admin = "false"
  /// Further top-level lines.
  var more: [String] = []

  /// One LUSID target `lusid` with a token of its own, and one inbox `investors`.
  ///
  /// - Parameter target: further keys of the target, a line each; `inbox`: of the inbox.
  static func lusid(_ url: String, target: [String] = [], inbox: [String] = []) -> Setup {
    Setup(
      targets: ["lusid:"] + (["api: lusid", "url: \(url)", token] + target).indented,
      inboxes: ["- name: investors"] + (reaching("lusid", inbox) + inbox).indented)
  }

  /// One Liquid target `liquid` with a token of its own, and one inbox `accounts`.
  static func liquid(_ url: String, target: [String] = [], inbox: [String] = [accountKey]) -> Setup {
    Setup(
      targets: ["liquid:"] + (["api: liquid", "url: \(url)", token] + target).indented,
      inboxes: ["- name: accounts"] + (reaching("liquid", inbox) + inbox).indented)
  }

  /// Routes name their targets themselves.
  private static func reaching(_ target: String, _ inbox: [String]) -> [String] {
    inbox.contains("routes:") ? [] : ["target: \(target)"]
  }

  static let accountKey = "item: {category: entity, type: Account, action: Merge, key: [accountId]}"
  static let token = "auth: {access_token: secret-token}"

  /// The parts of a password grant against `tokenURL`.
  static func grant(_ tokenURL: String) -> String {
    "auth: {token_url: \"\(tokenURL)\", username: svc, password: secret-password, client_id: id, client_secret: secret-client}"
  }

  /// As `lusid`, but with tokens from `tokenURL`.
  static func lusid(_ url: String, tokensFrom tokenURL: String, target: [String] = []) -> Setup {
    var setup = lusid(url, target: target)
    setup.targets = setup.targets.map { $0.hasSuffix(token) ? "  " + grant(tokenURL) : $0 }
    return setup
  }

  /// Both kinds, side by side.
  static func + (a: Setup, b: Setup) -> Setup {
    var both = a
    both.targets += b.targets
    both.inboxes += b.inboxes
    return both
  }

  func with(_ change: (inout Setup) -> Void) -> Setup {
    var copy = self
    change(&copy)
    return copy
  }

  func yaml(spool: String, state: String) -> String {
    """
    spool: \(spool)
    state: \(state)
    watch: \(watch)
    queue: \(queue)
    retry: \(retry)
    log: {level: \(level), format: \(format)}
    admin: \(admin)
    \(more.joined(separator: "\n"))
    targets:
    \(targets.indented.joined(separator: "\n"))
    inboxes:
    \(inboxes.indented.joined(separator: "\n"))

    """
  }
}

extension [String] {
  fileprivate var indented: [String] { map { "  " + $0 } }
}
