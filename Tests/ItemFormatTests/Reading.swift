import Delivery
import ItemFormat

/// What a reader handed on: items with their text, and the shape or the fault at the end.
struct Reading: Equatable {
  var items: [RawItem] = []
  var texts: [String] = []
  var shape: DocumentShape?
  var fault: FileFault?

  /// `number line code` of every item, for short expectations.
  var summary: [String] {
    items.map { "\($0.number) \($0.line)" + ($0.fault.map { " " + $0.code.rawValue } ?? "") }
  }
}
