internal import Yams

/// The single document of a YAML file.
///
/// Yams stops at the first mapping with a repeated key and reports only where the first of them is. To continue past
/// it, the first letter of that first key is replaced by another one of the same width, so that no mark moves, and the
/// text is read again.
struct YAMLDocument {
  /// Nil if the file holds nothing but comments.
  var root: Node?
  /// Keys that are repeated further down, by their place; in `root` their names are altered.
  var repeated: [Place: String] = [:]

  struct Place: Hashable {
    var line: Int
    var column: Int
  }

  /// Why the file as a whole can't be used.
  struct Malformed: Error {
    var line: Int?
    var reason: String
  }

  init(_ text: String) throws(Malformed) {
    var scalars = Array(text.unicodeScalars)
    if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
    while true {
      var source = String.UnicodeScalarView()
      source.append(contentsOf: scalars)
      let place: Place
      let name: String
      do {
        // Without type rules: each reader knows the type it wants, and keys are compared as text. The encoding is given
        // because Yams would otherwise take it from the environment.
        root = try Yams.compose(yaml: String(source), .basic, .default, .utf8)
        var left = Self.mostNodes
        guard root.map({ Self.isSmall($0, depth: 0, &left) }) ?? true else {
          throw Malformed(
            line: nil,
            reason:
              "has more than \(Self.mostNodes) values or \(Self.deepest) levels, with each alias counted as all that it refers to"
          )
        }
        return
      } catch let error as Malformed {
        throw error
      } catch YamlError.duplicatedKeysInMapping(let names, let context) {
        place = Place(line: context.mark.line, column: context.mark.column)
        name = names.first ?? ""
      } catch let error as YamlError {
        throw Malformed(error, in: scalars)
      } catch {
        throw Malformed(line: nil, reason: "\(error)")
      }
      // Private-use characters: no key contains them, and they are distinct so that a third use of the name is found as
      // well.
      guard let substitute = UnicodeScalar(0xE000 + UInt32(repeated.count)), repeated.count < 1000,
        // Each repeated key makes the whole text be read again.
        (repeated.count + 1) * scalars.count <= Self.mostReadAgain,
        let letter = Self.firstLetter(of: name, at: place, in: scalars)
      else {
        throw Malformed(line: place.line, reason: "key \"\(name)\" is given twice: keep one of them")
      }
      scalars[letter] = substitute
      repeated[place] = name
    }
  }

  /// More than any sensible file has; ten lines of aliases of aliases can expand to billions.
  private static let mostNodes = 1_000_000
  private static let deepest = 100

  private static func isSmall(_ node: Node, depth: Int, _ left: inout Int) -> Bool {
    left -= 1
    guard left >= 0, depth <= deepest else { return false }
    switch node {
    case .mapping(let mapping):
      return mapping.allSatisfy {
        isSmall($0.key, depth: depth + 1, &left) && isSmall($0.value, depth: depth + 1, &left)
      }
    case .sequence(let sequence): return sequence.allSatisfy { isSmall($0, depth: depth + 1, &left) }
    case .scalar, .alias: return true
    }
  }

  /// Total limit of characters read again because of repeated keys.
  private static let mostReadAgain = 10_000_000

  /// The position of the key's first letter; nil if the key is not written plainly.
  private static func firstLetter(of name: String, at place: Place, in scalars: [UnicodeScalar]) -> Int? {
    guard var index = offset(of: place, in: scalars), index < scalars.count else { return nil }
    if scalars[index] == "\"" || scalars[index] == "'" { index += 1 }
    guard index < scalars.count, scalars[index] == name.unicodeScalars.first, scalars[index] != "\\",
      scalars[index] != "'"
    else { return nil }
    return index
  }

  private static func offset(of place: Place, in scalars: [UnicodeScalar]) -> Int? {
    var line = 1
    var index = 0
    while line < place.line {
      guard index < scalars.count else { return nil }
      // libyaml's line breaks.
      switch scalars[index] {
      case "\r":
        line += 1
        if index + 1 < scalars.count, scalars[index + 1] == "\n" { index += 1 }
      case "\n", "\u{85}", "\u{2028}", "\u{2029}":
        line += 1
      default:
        break
      }
      index += 1
    }
    return index + place.column - 1
  }
}

extension YAMLDocument.Malformed {
  private static let advice = [
    (
      problem: "mapping values are not allowed",
      "is the line indented too far, does the line above lack its colon, or does a text with \": \" lack quotes?"
    ),
    (problem: "could not find expected ':'", "does this line or the one above lack its colon, or a text its quotes?"),
    (
      problem: "did not find expected key",
      "is the line indented like the others of its block, and is each quote closed?"
    ),
    (problem: "did not find expected '-'", "is the line indented like the other entries of its list?"),
    (problem: "did not find expected ',' or", "is a bracket or a comma missing?"),
  ]

  /// Without Yams' excerpts of the file: they may contain a password.
  fileprivate init(_ error: YamlError, in scalars: [UnicodeScalar]) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      self.init(line: mark.line, reason: "is not valid YAML: \(problem)")
      let lines = scalars.split(omittingEmptySubsequences: false) { $0 == "\n" }
      let line = mark.line <= lines.count ? lines[mark.line - 1] : []
      if line.drop(while: { $0 == " " }).first == "\t" {
        reason += "; indent with spaces, not tabs"
      } else if zip(line, line.dropFirst()).contains(where: { $0 == "$" && $1 == "{" }) {
        reason += "; a ${NAME} inside { } or [ ] needs quotes around it"
      } else if let (_, advice) = Self.advice.first(where: { problem.contains($0.problem) }) {
        // libyaml's words are for who knows its grammar.
        reason += "; \(advice)"
      }
    case .reader(let problem, let offset, _, _):
      let before = offset.map { scalars.prefix($0).count { $0 == "\n" } + 1 }
      self.init(line: before, reason: "is not valid YAML: \(problem)")
    default:
      self.init(line: nil, reason: "is not valid YAML")
    }
  }
}
