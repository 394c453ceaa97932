/// The name of a rejects file (`clients.01J….rejected.csv`), as it was written or as users' programs changed it
/// (`….rejected (1).csv`, `….rejected-fixed.csv`).
package struct RejectsFileName: Hashable, Sendable {
  /// The file whose rejects it holds.
  package let corrects: FileID
  /// The name that the first file of the chain was dropped under (`clients.csv`).
  package let original: [UInt8]

  /// Nil if `name` is not such a name. Of several ids, the last counts: that of a rejects file of a rejects file.
  package init?(_ name: [UInt8]) {
    guard let (corrects, before, after) = Self.parts(of: name) else { return nil }
    self.corrects = corrects
    let rest = name[after...]
    let ending = rest.firstIndex(of: UInt8(ascii: ".")).map { Array(rest[$0...]) } ?? []
    let stem = Array(name[..<before])
    // An earlier rejects file's id; each step is shorter.
    original = RejectsFileName(stem + ending)?.original ?? stem + ending
  }

  private static let word = ".rejected".utf8
  private static let idLength = 26

  private static func parts(of name: [UInt8]) -> (id: FileID, before: Int, after: Int)? {
    var end = name.count - word.count
    while end > idLength + 1 {
      let after = end + word.count
      let before = end - idLength - 1
      if name[end..<after].elementsEqual(word), after == name.count || !isAlphanumeric(name[after]),
        name[before] == UInt8(ascii: "."), let id = FileID(String(decoding: name[before + 1..<end], as: UTF8.self))
      {
        return (id, before, after)
      }
      end -= 1
    }
    return nil
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: false
    }
  }
}
