import Core
import JSONText

/// The reason that a rejects file attaches to an item.
struct Annotation {
  var code: RejectCode
  var message: String
  /// The item's number in its file, from 1.
  var number: Int

  /// `{"code": …, "message": …, "item": …}`
  private var json: [UInt8] {
    var text: [UInt8] = []
    text += #"{"code":"#.utf8
    appendQuoted(code.rawValue, to: &text)
    text += #","message":"#.utf8
    appendQuoted(message.cut(to: String.longestMessage), to: &text)
    text += #","item":\#(number)}"#.utf8
    return text
  }

  private var member: [UInt8] { Array(#""_error":"#.utf8) + json }

  /// Appends `item` with `_error` first, replacing an older one.
  ///
  /// A non-object goes into `_raw` next to it: a JSON value as written, anything else as a string.
  func append(to out: inout [UInt8], addingTo item: Span<UInt8>, isJSON: Bool) {
    if isJSON, item.isJSONObject {
      return appendObject(item, item.trimmed, first: member, to: &out) {
        $0.isCalled(RejectMarkers.error, in: item) ? .cut : .keep
      }
    }
    out.append(UInt8(ascii: "{"))
    out += member
    out += #","_raw":"#.utf8
    if isJSON, (try? item.checkIsJSON(maxNesting: .max)) != nil {
      item.append(item.trimmed, to: &out)
    } else {
      appendQuoted(item, to: &out)
    }
    out.append(UInt8(ascii: "}"))
  }
}
