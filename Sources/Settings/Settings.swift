internal import Core
internal import Yams

/// The configuration, read and checked: every value in it can be used as it is.
///
/// `Settings.load` reads the YAML file, the mapping files and the secrets that it names. Nothing is guessed or ignored:
/// unknown and repeated keys, wrong types and impossible values are collected as `SettingsFaults`, each with its file,
/// line and key, and thrown together, so that one run shows them all. Only a YAML syntax error hides the faults after
/// it.
///
/// - `${NAME}` in a value of the configuration file is replaced from the environment after YAML is parsed, so that a
///   value can never become a key. `$${` is a literal `${`; any other `$` is left alone. Mapping files are data:
///   nothing in them is replaced.
/// - Paths are relative to the file that names them. Files with secrets and certificates are looked up in
///   `$CREDENTIALS_DIRECTORY` (systemd's `LoadCredential=`) first.
/// - A secret's file, or a configuration file with a secret in it, must not be open to others (the last digit of its
///   mode). Its group may read it: systemd's credentials and `root:upsertd 0640` are the usual ways to hand over a
///   secret.
package struct Settings: Sendable, Equatable {
  /// The configuration file's path, as given.
  package var path: String
  /// Absolute.
  package var spool = "/var/spool/upsertd"
  /// Absolute.
  package var state = "/var/lib/upsertd"
  package var watch = Watch()
  package var queue = Queue()
  package var retry = Retry()
  package var limits = Limits()
  package var log = Log()
  /// Nil if `admin: false` turns it off.
  package var admin: Admin? = Admin()
  /// In the file's order; their names are unique.
  package var receivers: [Receiver] = []
  /// In the file's order.
  package var targets: [Target] = []
  /// In the file's order; never empty.
  package var inboxes: [Inbox] = []

  package struct Watch: Sendable, Equatable {
    /// More than zero.
    package var pollInterval = Duration.seconds(1)
    package var settle = Duration.seconds(2)
    /// How long a file is left alone after its last change, however it arrived.
    package var minAge = Duration.zero
  }

  /// No further file is claimed beyond `maxBytes`, or with less free disk than `minFreeDisk`; in bytes.
  package struct Queue: Sendable, Equatable {
    package var maxBytes = 4 << 30
    package var minFreeDisk = 256 << 20
  }

  /// Exponential backoff with full jitter; `initial` is never more than `max`.
  package struct Retry: Sendable, Equatable {
    package var initial = Duration.seconds(1)
    package var max = Duration.seconds(300)
    /// Measured from the file's claim.
    package var maxAge = Duration.seconds(5 * 86_400)
  }

  package struct Limits: Sendable, Equatable {
    package var maxItemBytes = 1 << 20
    package var maxFileBytes = 16 << 30
    /// Nesting levels of arrays and objects.
    package var maxNesting = 128
    /// Bytes out for each byte in.
    package var maxGzipRatio = 200
  }

  package struct Log: Sendable, Equatable {
    package var level = LogLevel.info
    package var format = Format.text

    package enum Format: String, Sendable, CaseIterable {
      case text
      case json
    }
  }

  /// The address that serves metrics, health and the dashboard.
  package struct Admin: Sendable, Equatable {
    /// A name or an address, an IPv6 address without its brackets.
    package var host = "127.0.0.1"
    /// 0 lets the system pick one.
    package var port = 9187
  }

  package func target(named name: String) -> Target? { targets.first { $0.name == name } }

  package func inbox(named name: String) -> Inbox? { inboxes.first { $0.name == name } }
}

/// swift-log's levels, by name.
package enum LogLevel: String, Sendable, CaseIterable {
  case trace
  case debug
  case info
  case notice
  case warning
  case error
  case critical
}

extension Settings {
  /// Whether the configuration is still blank: it names neither targets nor inboxes, like the one that a package
  /// installs.
  ///
  /// False for a file that can't be read or has any other fault: `load` reports those.
  package static func isBlank(path: String) -> Bool {
    guard let text = try? ConfigFile(path: path).text, let document = try? YAMLDocument(text) else { return false }
    guard let root = document.root else { return true }
    guard let members = root.mapping else { return false }
    return members["targets"] == nil && members["inboxes"] == nil
  }
}
