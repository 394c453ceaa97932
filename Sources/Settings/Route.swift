package import Core

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
  package var delimiter = Delimiter.byte(UInt8(ascii: ","))
  package var empty = EmptyCell.omit
}

package enum RouteTarget: Sendable, Hashable {
  /// The name of one of `Settings.targets`.
  case named(String)
  /// Chosen by the file's content; there is then at most one target for each API.
  case auto
}
