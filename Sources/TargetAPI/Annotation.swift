import Delivery
import JSONText

/// The reason that a rejects file gives with an item.
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

  /// Appends the object at `object` with `_error` first; an older one is replaced.
  func append(to out: inout [UInt8], addingTo object: Range<Int>, of item: Span<UInt8>) {
    appendObject(item, object, first: member, to: &out) { $0.isCalled(Added.error, in: item) ? .cut : .keep }
  }

  /// Appends `{"_error": …, "_raw": …}` around what is no object, as it is written, or no JSON, as a string.
  func append(to out: inout [UInt8], wrapping item: Span<UInt8>, isJSON: Bool) {
    out.append(UInt8(ascii: "{"))
    out += member
    out += #","_raw":"#.utf8
    if isJSON {
      item.append(item.trimmed, to: &out)
    } else {
      appendQuoted(item, to: &out)
    }
    out.append(UInt8(ascii: "}"))
  }
}
