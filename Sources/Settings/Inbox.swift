package import Calendar
package import Core
package import Formats

/// One folder that files are dropped into, and how they are handled.
package struct Inbox: Sendable, Equatable {
  /// Also the folder's name: no slash, no control character, no leading dot.
  package var name: String
  /// Globs of names that are never touched.
  package var ignore: [String] = []
  /// The suffix that a marker file adds to the name of the file that is ready: `.done`.
  package var marker: String?
  package var ordering = Ordering.key
  /// `duplicates: reject`.
  package var rejectsDuplicates = false
  /// `release: manual`: files wait, read and checked, until somebody releases them.
  package var waitsForRelease = false
  package var retention = Retention()
  /// `results: all`: what became of each accepted item is written, too.
  package var listsAccepted = false
  /// Files that should come every day.
  package var expect: [ExpectationRule] = []
  /// The first match wins; never empty.
  package var routes: [Route] = []

  /// How long files are kept; nil means forever.
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

  /// The route for a dropped file; a rejects file takes that of the file that it came from.
  package func route(for name: [UInt8]) -> Route? { routePlace(for: name).map { routes[$0] } }

  /// The same route's place in `routes`.
  package func routePlace(for name: [UInt8]) -> Int? {
    func first(_ name: [UInt8]) -> Int? { routes.firstIndex { Glob($0.match).matches(name) } }
    guard let original = RejectsFileName(name)?.original else { return first(name) }
    // Rejects of a compressed file are not compressed: `*.csv.gz` is meant to match them anyway.
    return first(original) ?? first(original + RejectsFileName.gzipEnding)
  }
}

/// Where files with a matching name go, and how they are read.
package struct Route: Sendable, Equatable {
  /// A pattern for `Glob`.
  package var match = "*"
  package var target: RouteTarget
  package var mapping: ColumnMapping?
  /// Settings that only one of the reachable APIs has.
  package var own = OwnSettings()
  /// Atomic only if every target that can be reached has such a mode.
  package var successMode = SuccessMode.partial
  package var validate = true
  /// Nil means that the name's extension says it.
  package var format: FormatKind?
  package var csv = CSVOptions()
  /// The encoding that `csv` names: finding out about one takes longer than many a file.
  package var encoding: TextEncoding?
  /// Nil means that files have no side file.
  package var checksum: ChecksumKind?
  package var empty = EmptyCell.omit
}

package enum RouteTarget: Sendable, Hashable {
  /// The name of one of `Settings.targets`.
  case named(String)
  /// Chosen by the file's content; there is then at most one target for each API.
  case auto
}
