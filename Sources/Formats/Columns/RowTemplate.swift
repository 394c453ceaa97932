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
      /// `literal` is `,"name":"`; the cell's text comes as it is.
      case string
      /// `literal` is `,"name":`; `rule` is the index of the conversion that determines the value after it.
      case converted
      /// `literal` is `,"name":"`; `rule` is the index of the computed text after it.
      case computed
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
    var rule = 0
    /// The whole member for an empty cell; empty if the member is left out.
    var ifEmpty = 0..<0
  }

  /// A class, so that taking one out of its array for each cell copies one reference.
  final class Conversion: Sendable {
    let conversion: CellConversion
    /// The column's name, for messages.
    let label: String
    /// What happens to a cell before it is converted; nil for nothing.
    let preparation: CellPreparation?
    /// The value of an empty cell; nil if the mapping does not define one.
    let jsonOfEmpty: [UInt8]?
    /// Whether an empty string is a value of the field's type.
    let emptyIsText: Bool

    init(
      _ conversion: CellConversion, label: String, _ preparation: CellPreparation?, jsonOfEmpty: [UInt8]?,
      emptyIsText: Bool
    ) {
      self.conversion = conversion
      self.label = label
      self.preparation = preparation
      self.jsonOfEmpty = jsonOfEmpty
      self.emptyIsText = emptyIsText
    }
  }

  /// Text made of several cells, trimmed, and of what is between them.
  struct Computed: Sendable {
    enum Part: Sendable {
      /// JSON string content.
      case text([UInt8])
      case cell(column: Int, CellPreparation)
    }

    var parts: [Part]

    init(_ parts: [PlannedField.ComputedPart]) {
      self.parts = parts.map { part in
        switch part {
        case .text(let text):
          var content = RowText()
          let bytes = Array(text.utf8)
          content.appendEscaped(bytes.span, 0..<bytes.count)
          return .text(Array(content.storage[..<content.count]))
        case .column(let column, let null):
          return .cell(column: column, CellPreparation(null: null, isTrimmed: true))
        }
      }
    }

    /// Whether the file has any of its columns.
    var hasCell: Bool {
      parts.contains { if case .cell = $0 { true } else { false } }
    }
  }

  /// How a column's numbers are written.
  struct NumberCell: Sendable {
    var form: NumberForm
    var preparation: CellPreparation
  }

  /// What the request id is made of, for `init`.
  enum RequestIDSource: Sendable {
    case cell(column: Int, Conversion)
    case computed(Computed)
  }

  /// The same, as indexes: it is copied for each row.
  struct RequestID: Sendable {
    var column: Int
    /// The index of a conversion, or of a computed text.
    var rule: Int
    var isComputed: Bool
  }

  private(set) var steps: [Step] = []
  private(set) var literals: [UInt8] = []
  private(set) var conversions: [Conversion] = []
  private(set) var computed: [Computed] = []
  private(set) var requestID: RequestID?
  /// How the cells of columns that fill number fields are written, by the cell's index in a row.
  let numberCells: [Int: NumberCell]
  private(set) var deepest = 0
  private let empty: EmptyCell
  private let copiesPlainText: Bool

  /// - Parameter copiesPlainText: whether text without `"` and `\` says in every cell what it means.
  init(
    _ tree: FieldTree, requestID: RequestIDSource?, empty: EmptyCell, copiesPlainText: Bool,
    numberCells: [Int: NumberCell] = [:]
  ) {
    self.empty = empty
    self.numberCells = numberCells
    self.copiesPlainText = copiesPlainText
    append(tree.nodes[0], of: tree, depth: 0, prefix: [UInt8(ascii: ",")])
    switch requestID {
    case nil: break
    case .cell(let column, let conversion):
      self.requestID = RequestID(column: column, rule: conversions.count, isComputed: false)
      conversions.append(conversion)
    case .computed(let text):
      self.requestID = RequestID(column: 0, rule: computed.count, isComputed: true)
      computed.append(text)
    }
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
    case .value(.cell(let column, let conversion)):
      append(column, conversion, depth: depth, prefix: prefix, suffix: suffix)
    case .value(.computed(let text)):
      append(text, depth: depth, prefix: prefix, suffix: suffix)
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
    _ column: Int?, _ conversion: Conversion, depth: Int, prefix: [UInt8], suffix: [UInt8]
  ) {
    let emptyJSON = json(ofEmpty: conversion).map { prefix + $0 + suffix }
    guard let column else {
      if let emptyJSON { steps.append(Step(kind: .constant, depth: depth, literal: literal(emptyJSON))) }
      return
    }
    var step = Step(kind: .converted, depth: depth, literal: 0..<0, column: column)
    if case .string = conversion.conversion, conversion.preparation == nil, copiesPlainText {
      step.kind = .string
      step.literal = literal(prefix + [Ascii.quote])
      step.suffix = literal([Ascii.quote] + suffix)
    } else {
      step.literal = literal(prefix)
      step.suffix = literal(suffix)
      step.rule = conversions.count
      conversions.append(conversion)
    }
    if let emptyJSON { step.ifEmpty = literal(emptyJSON) }
    steps.append(step)
  }

  private mutating func append(_ text: Computed, depth: Int, prefix: [UInt8], suffix: [UInt8]) {
    let emptyJSON = json(ofEmpty: nil, isText: true).map { prefix + $0 + suffix }
    guard text.hasCell else {
      if let emptyJSON { steps.append(Step(kind: .constant, depth: depth, literal: literal(emptyJSON))) }
      return
    }
    var step = Step(kind: .computed, depth: depth, literal: literal(prefix + [Ascii.quote]), rule: computed.count)
    step.suffix = literal([Ascii.quote] + suffix)
    if let emptyJSON { step.ifEmpty = literal(emptyJSON) }
    steps.append(step)
    computed.append(text)
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
  private func json(ofEmpty conversion: Conversion) -> [UInt8]? {
    json(ofEmpty: conversion.jsonOfEmpty, isText: conversion.emptyIsText)
  }

  private func json(ofEmpty known: [UInt8]?, isText: Bool) -> [UInt8]? {
    if let known { return known }
    switch empty {
    case .omit: return nil
    case .null: return Array("null".utf8)
    // An empty string is not a number, list or date; it would be a value of the wrong type.
    case .string: return isText ? Array("\"\"".utf8) : nil
    }
  }

  private mutating func literal(_ bytes: [UInt8]) -> Range<Int> {
    literals += bytes
    return literals.count - bytes.count..<literals.count
  }
}

extension [[UInt8]] {
  /// Whether one of them is the unquoted cell's text, as written.
  func holds(_ cell: CSVCell, in row: Span<UInt8>) -> Bool {
    if isEmpty || cell.isQuoted { return false }
    return contains { text in
      text.count == cell.end - cell.start && text.indices.allSatisfy { text[$0] == row[cell.start + $0] }
    }
  }
}
