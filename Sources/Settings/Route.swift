package import Delivery

/// Where files of a certain name go, and how they are read.
package struct Route: Sendable, Equatable {
  /// A glob, for `Glob`.
  package var match = "*"
  package var target: RouteTarget
  package var mapping: ColumnMapping?
  /// What only one of the APIs has that can be reached.
  package var own = OwnSettings()
  /// Atomic only where every target that can be reached has such a mode.
  package var successMode = SuccessMode.partial
  package var validate = true
  package var delimiter = Delimiter.byte(UInt8(ascii: ","))
  package var empty = EmptyCell.omit
}

package enum RouteTarget: Sendable, Hashable {
  /// One of `Settings.targets`.
  case named(String)
  /// By what the file contains; there is at most one target for each API then.
  case auto
}
