import Core
import Formats
import Testing

/// What a reader handed on: items with their text, and the shape or the fault at the end.
struct Reading: Equatable {
  var items: [RawItem] = []
  var texts: [String] = []
  /// What could be read of each item that has a fault.
  var leftovers: [String] = []
  var shape: DocumentShape?
  var fault: FileFault?

  /// `number line code` of every item, for short expectations.
  var summary: [String] {
    items.map { "\($0.number) \($0.line)" + ($0.fault.map { " " + $0.code.rawValue } ?? "") }
  }
}

let testKey = SourceKey(Array(0..<16))

extension RawItem {
  /// Without its tag, which has to be that of its bytes in `content`, however these came in chunks.
  func checkingTag(of content: [UInt8], _ place: Comment, location: SourceLocation = #_sourceLocation) -> RawItem {
    let wanted = testKey?.tag(of: content[source].span)
    #expect(tag != nil && tag == wanted, place, sourceLocation: location)
    var item = self
    item.tag = nil
    return item
  }
}
