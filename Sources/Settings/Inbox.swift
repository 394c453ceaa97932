package import Delivery

/// One folder that files are dropped into, and what is done with them.
package struct Inbox: Sendable, Equatable {
  /// Also the folder's name: no slash, no control character, no dot in front.
  package var name: String
  /// Globs of names that are never touched.
  package var ignore: [String] = []
  /// What a marker's name adds to the name of the file that is ready: `.done`.
  package var marker: String?
  package var ordering = Ordering.key
  /// `duplicates: reject`.
  package var rejectsDuplicates = false
  package var retention = Retention()
  /// The first that matches wins; never empty.
  package var routes: [Route] = []

  /// How long files are kept; nil where for good.
  package struct Retention: Sendable, Equatable {
    package var archive: Duration?
    package var rejected: Duration?
    package var receipts: Duration?
    package var accepted: Duration?

    package init(
      archive: Duration? = nil, rejected: Duration? = nil, receipts: Duration? = nil, accepted: Duration? = nil
    ) {
      self.archive = archive
      self.rejected = rejected
      self.receipts = receipts
      self.accepted = accepted
    }
  }

  package func ignores(_ name: [UInt8]) -> Bool { ignore.contains { Glob($0).matches(name) } }

  package func route(for name: [UInt8]) -> Route? { routes.first { Glob($0.match).matches(name) } }
}
