package import Delivery

/// Where files of a certain name go, and how they are read.
package struct Route: Sendable, Equatable {
  /// A glob, for `Glob`.
  package var match = "*"
  package var target: RouteTarget
  package var mapping: ColumnMapping?
  /// Liquid's; nil where no Liquid target can be reached.
  package var item: ItemDefaults?
  /// Atomic only where every target that can be reached is LUSID's.
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
