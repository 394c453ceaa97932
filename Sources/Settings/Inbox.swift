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
  /// Nil where originals are kept for good.
  package var archiveRetention: Duration?
  /// The first that matches wins; never empty.
  package var routes: [Route] = []

  package func ignores(_ name: [UInt8]) -> Bool { ignore.contains { Glob($0).matches(name) } }

  package func route(for name: [UInt8]) -> Route? { routes.first { Glob($0.match).matches(name) } }
}
