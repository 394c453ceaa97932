/// A file name pattern: `*`, `?`, `[a-z]`, `[!a-z]`; `\` makes the next character literal.
///
/// `?` and `[…]` match one UTF-8 character, or one byte that is not part of one. Case matters, and a leading dot is not
/// special. An unclosed `[` is literal; the configuration rejects it.
package struct Glob: Sendable, Hashable {
  /// As written.
  package let pattern: String
  private let steps: [Step]

  private enum Step: Sendable, Hashable {
    case star
    case any
    case literal(UInt32)
    case set([ClosedRange<UInt32>], inverted: Bool)

    func takes(_ unit: UInt32) -> Bool {
      switch self {
      case .star, .any: true
      case .literal(let wanted): unit == wanted
      case .set(let ranges, let inverted): ranges.contains { $0.contains(unit) } != inverted
      }
    }
  }

  package init(_ pattern: String) {
    self.pattern = pattern
    let units = Self.units(Array(pattern.utf8))
    var steps: [Step] = []
    var at = 0
    while at < units.count {
      switch UnicodeScalar(units[at]) {
      case "*":
        if steps.last != .star { steps.append(.star) }
      case "?":
        steps.append(.any)
      case "[":
        if let (set, end) = Self.set(units, from: at) {
          steps.append(set)
          at = end
        } else {
          steps.append(.literal(units[at]))
        }
      case "\\" where at + 1 < units.count:
        at += 1
        steps.append(.literal(units[at]))
      default:
        steps.append(.literal(units[at]))
      }
      at += 1
    }
    self.steps = steps
  }

  /// Whether the whole name matches.
  ///
  /// Takes time proportional to the product of both lengths at most: only the last star is ever retried.
  package func matches(_ name: [UInt8]) -> Bool {
    let units = Self.units(name)
    var step = 0
    var unit = 0
    var retry: (step: Int, unit: Int)?
    while unit < units.count {
      if step < steps.count, steps[step] == .star {
        retry = (step, unit)
        step += 1
      } else if step < steps.count, steps[step].takes(units[unit]) {
        step += 1
        unit += 1
      } else if let last = retry {
        retry = (last.step, last.unit + 1)
        step = last.step + 1
        unit = last.unit + 1
      } else {
        return false
      }
    }
    return steps[step...].allSatisfy { $0 == .star }
  }

  /// What is wrong with a file name pattern; nil if it can be used.
  package static func fault(in pattern: String) -> String? {
    if pattern.isEmpty { return "is empty: write \"*\" for every file" }
    if pattern.contains("/") { return "contains a \"/\", but is matched against file names only: leave out the folder" }
    return fault(inCellPattern: pattern)
  }

  /// The same for a pattern of cells, which may hold slashes.
  package static func fault(inCellPattern pattern: String) -> String? {
    let units = units(Array(pattern.utf8))
    var at = 0
    while at < units.count {
      if units[at] == UnicodeScalar("\\").value {
        if at + 1 == units.count { return "ends in \"\\\": write \"\\\\\" for a literal backslash" }
        at += 1
      } else if units[at] == UnicodeScalar("[").value {
        guard let (set, end) = set(units, from: at) else {
          return "has a \"[\" without a \"]\": close it, or write \"\\[\" for a literal \"[\""
        }
        if case .set(let ranges, _) = set, ranges.isEmpty { return "has a range that runs backwards: swap its ends" }
        at = end
      }
      at += 1
    }
    return nil
  }

  /// The set that opens at `start`, and the position of its `]`; nil if it is never closed.
  ///
  /// A leading `]` is a member of the set (POSIX 2.13.1). A set with a backwards range has no ranges.
  private static func set(_ units: [UInt32], from start: Int) -> (Step, Int)? {
    var at = start + 1
    var inverted = false
    if at < units.count, let mark = UnicodeScalar(units[at]), mark == "!" || mark == "^" {
      inverted = true
      at += 1
    }
    var ranges: [ClosedRange<UInt32>] = []
    var isBackwards = false
    let first = at
    while at < units.count {
      if units[at] == UnicodeScalar("]").value, at > first {
        return (.set(isBackwards ? [] : ranges, inverted: inverted), at)
      }
      if units[at] == UnicodeScalar("\\").value, at + 1 < units.count { at += 1 }
      let low = units[at]
      if at + 2 < units.count, units[at + 1] == UnicodeScalar("-").value, units[at + 2] != UnicodeScalar("]").value {
        at += 2
        if units[at] == UnicodeScalar("\\").value, at + 1 < units.count { at += 1 }
        if low <= units[at] { ranges.append(low...units[at]) } else { isBackwards = true }
      } else {
        ranges.append(low...low)
      }
      at += 1
    }
    return nil
  }

  /// Unicode scalars; a byte that is not UTF-8 gets a value above them all, so that it equals only itself.
  private static func units(_ bytes: [UInt8]) -> [UInt32] {
    var units: [UInt32] = []
    units.reserveCapacity(bytes.count)
    var at = 0
    while at < bytes.count {
      let length =
        switch bytes[at] {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 1
        }
      if let text = String(validating: bytes[at..<min(at + length, bytes.count)], as: UTF8.self),
        let scalar = text.unicodeScalars.first
      {
        units.append(scalar.value)
        at += length
      } else {
        units.append(0x11_0000 + UInt32(bytes[at]))
        at += 1
      }
    }
    return units
  }
}
