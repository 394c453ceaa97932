/// The form of the names of numbered files, with the number as its one group: `nav-([0-9]+).csv`.
///
/// A small part of regular expressions, which must match the whole name:
///
/// - A character stands for itself, `.` for any one, `\d` for a digit; `\` makes a special character literal.
/// - `[a-z]`, `[^_]` are sets of characters.
/// - `*`, `+`, `?`, `{4}`, `{2,}`, `{2,4}` after one of these repeat it, as often as the rest permits.
/// - `^` at the start and `$` at the end are allowed, and mean nothing.
/// - One group, of digits only. No `|`, no further groups.
///
/// Names are chosen by strangers, so matching must be cheap for any name. Without groups that repeat and without `|`, a
/// table of elements by places decides: its work is bounded by the elements times the square of the name's length,
/// whatever the pattern. A general engine would need a limit on its backtracking instead.
package struct SequencePattern: Sendable, Hashable {
  /// As in the configuration.
  package let text: String
  private let elements: [SequenceElement]
  /// Those of `elements` that make up the number.
  private let group: Range<Int>

  /// - Throws: a `Fault` that says what to write instead.
  package init(_ text: String) throws(Fault) {
    var parser = SequenceParser(rest: Array(text.unicodeScalars)[...])
    try parser.parse()
    guard let group = parser.group else {
      throw Fault(reason: "has no group for the number: write, for example, nav-([0-9]+).csv")
    }
    self.text = text
    self.group = group
    elements = parser.elements
  }

  package struct Fault: Error, Equatable {
    /// Continues a sentence that begins with the pattern: `has no group for the number: …`.
    package var reason: String
  }

  /// The number in a file's name; nil if the name has another form, or the number is above that of an `Int64`.
  package func number(in name: [UInt8]) -> Int64? {
    // What is not UTF-8 becomes a character that only `.` and `[^…]` match, which is not a digit.
    let name = Array(String(decoding: name, as: UTF8.self).unicodeScalars)
    guard name.count <= Self.maxLength, let digits = group(in: name) else { return nil }
    var number: Int64 = 0
    for digit in digits {
      let (tens, isOver) = number.multipliedReportingOverflow(by: 10)
      let (sum, isOverToo) = tens.addingReportingOverflow(Int64(digit.value - 0x30))
      guard !isOver, !isOverToo else { return nil }
      number = sum
    }
    return number
  }

  /// A file's name has at most 255 bytes.
  fileprivate static let maxLength = 255

  private func group(in name: [Unicode.Scalar]) -> ArraySlice<Unicode.Scalar>? {
    // `fits[i][j]`: whether the elements from i on match the name from j on.
    var fits = Array(repeating: Array(repeating: false, count: name.count + 1), count: elements.count + 1)
    fits[elements.count][name.count] = true
    for index in elements.indices.reversed() {
      for start in 0...name.count {
        fits[index][start] = ends(of: elements[index], from: start, in: name).contains { fits[index + 1][$0] }
      }
    }
    guard fits[0][0] else { return nil }
    var at = 0
    var (first, last) = (0, 0)
    for index in elements.indices {
      if index == group.lowerBound { first = at }
      // As many as possible.
      at = ends(of: elements[index], from: at, in: name).last { fits[index + 1][$0] } ?? at
      if index == group.upperBound - 1 { last = at }
    }
    return name[first..<last]
  }

  /// Where a match of one element that begins at `start` may end.
  private func ends(of element: SequenceElement, from start: Int, in name: [Unicode.Scalar]) -> Range<Int> {
    let run = name[start...].prefix(element.most).prefix { element.set.contains($0) }.count
    return run < element.least ? start..<start : start + element.least..<start + run + 1
  }
}

/// Some characters, and how many of them.
private struct SequenceElement: Sendable, Hashable {
  struct CharacterSet: Hashable {
    var ranges: [ClosedRange<Unicode.Scalar>]
    var isInverted = false

    static let any = CharacterSet(ranges: [], isInverted: true)
    static let digit = CharacterSet(ranges: ["0"..."9"])

    func contains(_ character: Unicode.Scalar) -> Bool {
      ranges.contains { $0.contains(character) } != isInverted
    }

    var isOfDigits: Bool {
      !isInverted && ranges.allSatisfy { $0.lowerBound >= "0" && $0.upperBound <= "9" }
    }
  }

  var set: CharacterSet
  var least = 1
  var most = 1
}

private struct SequenceParser {
  var rest: ArraySlice<Unicode.Scalar>
  var elements: [SequenceElement] = []
  var group: Range<Int>?
  private var opened: Int?

  init(rest: ArraySlice<Unicode.Scalar>) { self.rest = rest }

  mutating func parse() throws(SequencePattern.Fault) {
    guard !rest.isEmpty else { throw fault("is empty: write, for example, nav-([0-9]+).csv") }
    guard rest.count <= SequencePattern.maxLength else { throw fault("is longer than a file's name can be") }
    _ = take("^")
    while let character = rest.popFirst() {
      switch character {
      case "(": try open()
      case ")": try close()
      case "$" where rest.isEmpty && opened == nil: return
      case "^", "$": throw fault("has a \"\(character)\" inside: write \"\\\(character)\" for the character itself")
      case "|": throw fault("has a \"|\": write an entry for each form, or a set such as [ab]")
      case "/": throw fault("contains a \"/\", but is matched against file names only: leave out the folder")
      case "*", "+", "?", "{", "}":
        throw fault("has a \"\(character)\" that repeats nothing: write \"\\\(character)\" for the character itself")
      case "[": try append(set())
      case ".": try append(.any)
      case "\\": try append(escaped())
      default: try append(.init(ranges: [character...character]))
      }
    }
    guard opened == nil else { throw fault("has a \"(\" without a \")\"") }
  }

  private func fault(_ reason: String) -> SequencePattern.Fault { SequencePattern.Fault(reason: reason) }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == character else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func open() throws(SequencePattern.Fault) {
    guard rest.first != "?" else { throw fault("has a \"(?\": only one plain group is allowed, for the number") }
    guard opened == nil, group == nil else { throw fault("has two groups: only the number may be in one") }
    opened = elements.count
  }

  private mutating func close() throws(SequencePattern.Fault) {
    guard let start = opened else { throw fault("has a \")\" without a \"(\"") }
    opened = nil
    group = start..<elements.count
    guard elements[start...].allSatisfy(\.set.isOfDigits) else {
      throw fault("has a group that matches more than digits: the number is written ([0-9]+)")
    }
    guard elements[start...].contains(where: { $0.least > 0 }) else {
      throw fault("has a group that may be empty: the number is written ([0-9]+)")
    }
    if let next = rest.first, "*+?{".unicodeScalars.contains(next) {
      throw fault("has a \"\(next)\" after the group: write it inside, as in ([0-9]+)")
    }
  }

  /// Adds an element, with the repetition that follows.
  private mutating func append(_ set: SequenceElement.CharacterSet) throws(SequencePattern.Fault) {
    var element = SequenceElement(set: set)
    switch rest.first {
    case "*": (element.least, element.most) = (0, SequencePattern.maxLength)
    case "+": element.most = SequencePattern.maxLength
    case "?": element.least = 0
    case "{": (element.least, element.most) = try counts()
    default:
      elements.append(element)
      return
    }
    rest.removeFirst()
    if let next = rest.first, "*+?{".unicodeScalars.contains(next) {
      throw fault("has a \"\(next)\" after a repetition: only one is allowed")
    }
    elements.append(element)
  }

  /// The numbers in braces, up to the closing brace.
  private mutating func counts() throws(SequencePattern.Fault) -> (Int, Int) {
    let wrong = fault("has a \"{\" that is no repetition: write {4}, {2,} or {2,4}, with numbers up to 255")
    guard let end = rest.firstIndex(of: "}") else { throw wrong }
    let parts = rest[rest.startIndex + 1..<end].split(separator: ",", omittingEmptySubsequences: false)
    func number(_ part: ArraySlice<Unicode.Scalar>) throws(SequencePattern.Fault) -> Int {
      guard part.allSatisfy({ ("0"..."9").contains($0) }), let number = Int(part.map(String.init).joined()),
        number <= SequencePattern.maxLength
      else { throw wrong }
      return number
    }
    guard parts.count == 1 || parts.count == 2 else { throw wrong }
    let least = try number(parts[0])
    let most = parts.count == 1 ? least : parts[1].isEmpty ? SequencePattern.maxLength : try number(parts[1])
    guard least <= most, most > 0 else { throw wrong }
    rest = rest[end...]
    return (least, most)
  }

  private mutating func escaped() throws(SequencePattern.Fault) -> SequenceElement.CharacterSet {
    guard let character = rest.popFirst() else {
      throw fault("ends in \"\\\": write \"\\\\\" for a literal backslash")
    }
    if character == "d" { return .digit }
    guard !character.properties.isAlphabetic, character.properties.numericType == nil else {
      throw fault("has \"\\\(character)\", which means nothing here: of these there is only \\d, a digit")
    }
    return .init(ranges: [character...character])
  }

  /// A set up to its `]`. A `]` that comes first is a member, as in POSIX 9.3.5.
  private mutating func set() throws(SequencePattern.Fault) -> SequenceElement.CharacterSet {
    var set = SequenceElement.CharacterSet(ranges: [], isInverted: take("^"))
    while let character = rest.popFirst() {
      if character == "]", !set.ranges.isEmpty { return set }
      if character == "\\" {
        set.ranges += try escaped().ranges
        continue
      }
      if character == "[", rest.first == ":" {
        throw fault("has \"[:\": write the characters, such as [0-9] or [A-Za-z]")
      }
      guard rest.first == "-", let end = rest.dropFirst().first, end != "]" else {
        set.ranges.append(character...character)
        continue
      }
      guard end != "\\" else { throw fault("has a range in [] that ends in \"\\\": write its characters one by one") }
      guard character <= end else { throw fault("has a range in [] that runs backwards: swap its ends") }
      rest = rest.dropFirst(2)
      set.ranges.append(character...end)
    }
    throw fault("has a \"[\" without a \"]\"")
  }
}
