import Core
import JSONText

/// How a row becomes an item: compiled once per file from the places of its columns, then followed for every row.
///
/// A flat list of steps: opening an object or array, a cell's value, a constant, closing. A container is written when
/// it is opened and removed again if it stays empty; one that holds a single field is part of that field's step.
package struct RowTemplate: Sendable {
  /// `literal`, `suffix` and `ifEmpty` are ranges in `literals`; their leading comma is left out for a first member.
  struct Step: Sendable {
    enum Kind: Sendable {
      /// `literal` is `,"name":{` with the companions.
      case open
      /// `literal` is `}` or `]`.
      case close
      /// `literal` is `,"name":"`.
      case string
      /// `literal` is `,"name":`; `conversion` determines the value after it.
      case converted
      /// `literal` is the whole member.
      case constant
      /// The same, written only if its container is not empty: a constant unit or date alone does not make a property.
      case companion
    }

    var kind: Kind
    /// The number of containers around it.
    var depth: Int
    var literal: Range<Int>
    /// The text after a cell's value: a string's closing quote, closings of containers that hold nothing else.
    var suffix = 0..<0
    /// The cell's index in a row.
    var column = 0
    var conversion = 0
    /// The whole member for an empty cell; empty if the member is left out.
    var ifEmpty = 0..<0
  }

  struct Conversion: Sendable {
    var conversion: CellConversion
    /// The column's name, for messages.
    var label: String
  }

  /// The request id's column.
  struct RequestID: Sendable {
    var column: Int
    var conversion: Conversion
  }

  private(set) var steps: [Step] = []
  private(set) var literals: [UInt8] = []
  private(set) var conversions: [Conversion] = []
  private(set) var requestID: RequestID?
  private(set) var deepest = 0
  private let empty: EmptyCell

  init(_ tree: FieldTree, requestID: RequestID?, empty: EmptyCell) {
    self.requestID = requestID
    self.empty = empty
    append(tree.nodes[0], of: tree, depth: 0, prefix: [UInt8(ascii: ",")])
  }

  /// A container with one child needs no steps of its own: it is written if, and only if, the child is.
  ///
  /// - Parameters:
  ///   - prefix: `,"name":`, or `,` in an array, after the openings of containers around it that hold nothing else.
  ///   - suffix: the closings of these containers.
  ///   - isCompanion: whether constants here are written only together with cell values.
  private mutating func append(
    _ node: FieldTree.Node, of tree: FieldTree, depth: Int, prefix: [UInt8], suffix: [UInt8] = [],
    isCompanion: Bool = false
  ) {
    deepest = max(deepest, depth)
    let isCompanion = isCompanion || !node.companions.isEmpty && tree.hasCell(in: node)
    switch node.content {
    case .value(.constant(let json)):
      let kind: Step.Kind = isCompanion ? .companion : .constant
      steps.append(Step(kind: kind, depth: depth, literal: literal(prefix + json + suffix)))
    case .value(.cell(let column, let conversion, let label)):
      append(column, conversion, label, depth: depth, prefix: prefix, suffix: suffix)
    case .object, .array, .open:
      let (opening, closing) = Self.brackets(node)
      if depth > 0, node.children.count == 1 {
        let child = tree.nodes[node.children[0]]
        let inner = Self.prefix(child).dropFirst(node.companions.isEmpty ? 1 : 0)
        append(
          child, of: tree, depth: depth, prefix: prefix + opening + inner, suffix: closing + suffix,
          isCompanion: isCompanion)
        return
      }
      steps.append(Step(kind: .open, depth: depth, literal: literal(prefix + opening)))
      for child in node.children {
        let child = tree.nodes[child]
        append(child, of: tree, depth: depth + 1, prefix: Self.prefix(child), isCompanion: isCompanion)
      }
      steps.append(Step(kind: .close, depth: depth, literal: literal(closing + suffix)))
    }
  }

  private mutating func append(
    _ column: Int?, _ conversion: CellConversion, _ label: String, depth: Int, prefix: [UInt8], suffix: [UInt8]
  ) {
    let emptyJSON = json(ofEmpty: conversion).map { prefix + $0 + suffix }
    guard let column else {
      if let emptyJSON { steps.append(Step(kind: .constant, depth: depth, literal: literal(emptyJSON))) }
      return
    }
    var step = Step(kind: .converted, depth: depth, literal: 0..<0, column: column)
    if case .string = conversion {
      step.kind = .string
      step.literal = literal(prefix + [Ascii.quote])
      step.suffix = literal([Ascii.quote] + suffix)
    } else {
      step.literal = literal(prefix)
      step.suffix = literal(suffix)
      step.conversion = conversions.count
      conversions.append(Conversion(conversion: conversion, label: label))
    }
    if let emptyJSON { step.ifEmpty = literal(emptyJSON) }
    steps.append(step)
  }

  /// A container's opening, with the companions, and its closing.
  private static func brackets(_ node: FieldTree.Node) -> (opening: [UInt8], closing: [UInt8]) {
    if case .array = node.content { return ([UInt8(ascii: "[")], [UInt8(ascii: "]")]) }
    var opening = [UInt8(ascii: "{")]
    for (index, companion) in node.companions.enumerated() {
      if index > 0 { opening.append(UInt8(ascii: ",")) }
      appendQuoted(companion.name, to: &opening)
      opening.append(UInt8(ascii: ":"))
      opening += companion.json.utf8
    }
    return (opening, [UInt8(ascii: "}")])
  }

  /// The text before a value in its container.
  private static func prefix(_ node: FieldTree.Node) -> [UInt8] {
    var prefix = [UInt8(ascii: ",")]
    if case .member(let name) = node.step {
      appendQuoted(name, to: &prefix)
      prefix.append(UInt8(ascii: ":"))
    }
    return prefix
  }

  /// The value of an empty cell; nil if the field is left out.
  private func json(ofEmpty conversion: CellConversion) -> [UInt8]? {
    if let known = conversion.jsonOfEmpty { return known }
    switch empty {
    case .omit: return nil
    case .null: return Array("null".utf8)
    case .string:
      // An empty string is not a number, list or date; it would be a value of the wrong type.
      switch conversion {
      case .string, .table: return Array("\"\"".utf8)
      case .number, .boolean, .list, .json, .date: return nil
      }
    }
  }

  private mutating func literal(_ bytes: [UInt8]) -> Range<Int> {
    literals += bytes
    return literals.count - bytes.count..<literals.count
  }
}
