package import Core

/// A field as named in a CSV header or a mapping file: `addresses[0].city`, `exposure:number`.
///
/// Names are separated by dots and each may be followed by indexes. A property key (`InvestorRecord/Details/Country`)
/// has no dots and so is one step.
package struct CellPath: Hashable, Sendable {
  /// At least one, the first a member.
  package var steps: [PathStep]
  package var type: CellType
  /// As written, for messages.
  package var text: String

  package init(steps: [PathStep], type: CellType, text: String) {
    self.steps = steps
    self.type = type
    self.text = text
  }

  /// - Throws: a `FileFault` whose message quotes `text`, without a place.
  package init(parsing text: String) throws(FileFault) {
    self.text = text
    var path = Substring(text)
    type = .string
    if let colon = text.lastIndex(of: ":") {
      let name = text[text.index(after: colon)...]
      guard let type = CellType(rawValue: String(name)) else {
        let known = CellType.allCases.map(\.rawValue).joined(separator: ", ")
        throw Self.fault(text, "unknown type \(name.quoted) after the colon; the types are \(known)")
      }
      self.type = type
      path = text[..<colon]
    }
    steps = []
    for part in path.split(separator: ".", omittingEmptySubsequences: false) {
      try Self.append(part, of: text, to: &steps)
      guard steps.count <= Self.maxSteps else { throw Self.fault(text, "it has more than \(Self.maxSteps) steps") }
    }
  }

  /// The path without its type.
  package var name: String { Self.name(of: steps) }

  package static func name(of steps: some Sequence<PathStep>) -> String {
    var name = ""
    for step in steps {
      switch step {
      case .member(let member): name += name.isEmpty ? member : ".\(member)"
      case .element(let index): name += "[\(index)]"
      }
    }
    return name
  }

  /// Far more levels than any item has, and few enough for recursion.
  private static let maxSteps = 1000

  /// Larger indexes are considered mistakes: no array from a CSV row has that many elements.
  private static let maxIndex = 99_999

  /// Appends a name and the indexes after it.
  private static func append(
    _ part: Substring, of text: String, to steps: inout [PathStep]
  ) throws(FileFault) {
    let name = part.prefix { $0 != "[" && $0 != "]" }
    guard let first = name.first, let last = name.last else {
      throw fault(text, part.isEmpty ? "a name is missing" : "a name is missing before \(part.quoted)")
    }
    guard !first.isWhitespace, !last.isWhitespace else {
      throw fault(text, "a name can't begin or end with a space")
    }
    steps.append(.member(String(name)))
    var rest = part[name.endIndex...]
    while !rest.isEmpty {
      guard rest.first == "[", let end = rest.firstIndex(of: "]") else {
        throw fault(text, "\(rest.quoted) is not an index; an index is written [0]")
      }
      let digits = rest[rest.index(after: rest.startIndex)..<end]
      guard !digits.isEmpty, digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
        let index = Int(digits), index <= maxIndex
      else {
        throw fault(text, "\(rest[...end].quoted) is not an index; an index is a number from 0 to \(maxIndex)")
      }
      steps.append(.element(index))
      rest = rest[rest.index(after: end)...]
    }
  }

  private static func fault(_ text: String, _ reason: String) -> FileFault {
    FileFault(.malformedCSV, "\(text.quoted) is not a field's path: \(reason)")
  }
}
