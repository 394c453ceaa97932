import Core

/// The shape of the items made from a CSV's rows, while its columns are being collected.
struct FieldTree {
  /// What fills a field.
  enum Filling {
    /// `column` is the cell's index in a row; nil if the file lacks the column, whose cells then all count as empty.
    case cell(column: Int?, RowTemplate.Conversion)
    /// JSON text.
    case constant([UInt8])
    case computed(RowTemplate.Computed)
  }

  enum Content {
    /// Not yet known: no step has passed through it.
    case open
    case object
    case array
    case value(Filling)
  }

  struct Node {
    var step: PathStep
    var content = Content.open
    /// Indexes into `nodes`: an object's in order of appearance, an array's by element index once `sortArrays` has run.
    var children: [Int] = []
    var companions: [PlacedField.Companion] = []
    /// What created it, for messages: `column "name"`.
    var owner: String
  }

  private(set) var nodes = [Node(step: .member(""), content: .object, owner: "the item")]
  private var places: [Place: Int] = [:]

  private struct Place: Hashable {
    var parent: Int
    var step: PathStep
  }

  /// - Throws: `FileFault` if the field, or an object or array around it, is already filled in another way.
  mutating func add(_ field: PlacedField, _ filling: Filling, owner: String) throws(FileFault) {
    var at = 0
    for (index, step) in field.path.enumerated() {
      try enter(at, as: step, path: field.path[..<index], owner: owner)
      at = child(of: at, step, owner: owner)
    }
    if case .open = nodes[at].content {
      nodes[at].content = .value(filling)
    } else {
      throw Self.conflict(nodes[at].owner, owner, "both fill \(CellPath.name(of: field.path).shortened)")
    }
    for companion in field.companions { try add(companion, owner: owner) }
  }

  /// Checks that no column fills the same field as a companion, and sorts the elements of arrays.
  mutating func finish() throws(FileFault) {
    for at in nodes.indices {
      for companion in nodes[at].companions {
        guard let child = places[Place(parent: at, step: .member(companion.name))] else { continue }
        let name = CellPath.name(of: companion.object + [.member(companion.name)])
        throw FileFault(.malformedCSV, "\(nodes[child].owner) fills \(name), which upsertd fills itself")
      }
      if case .array = nodes[at].content {
        nodes[at].children = nodes[at].children.sorted { index(of: $0) < index(of: $1) }
      }
    }
  }

  /// Whether any cell fills a field in `node`.
  func hasCell(in node: Node) -> Bool {
    switch node.content {
    case .value(.cell), .value(.computed): true
    default: node.children.contains { hasCell(in: nodes[$0]) }
    }
  }

  private func index(of node: Int) -> Int {
    if case .element(let index) = nodes[node].step { index } else { 0 }
  }

  /// Establishes that the node at `at` is the container that `step` leads into.
  private mutating func enter(
    _ at: Int, as step: PathStep, path: ArraySlice<PathStep>, owner: String
  ) throws(FileFault) {
    switch (nodes[at].content, step) {
    case (.object, .member), (.array, .element): return
    case (.open, .member): nodes[at].content = .object
    case (.open, .element): nodes[at].content = .array
    case (let content, _):
      let before =
        switch content {
        case .object: "an object"
        case .array: "an array"
        default: "a value"
        }
      let now = if case .member = step { "an object" } else { "an array" }
      let name = path.isEmpty ? "the item" : CellPath.name(of: path).shortened
      throw Self.conflict(nodes[at].owner, owner, "can't both be used: they make \(name) \(before) and \(now)")
    }
  }

  private mutating func child(of parent: Int, _ step: PathStep, owner: String) -> Int {
    let place = Place(parent: parent, step: step)
    if let known = places[place] { return known }
    nodes.append(Node(step: step, owner: owner))
    nodes[parent].children.append(nodes.count - 1)
    places[place] = nodes.count - 1
    return nodes.count - 1
  }

  private mutating func add(_ companion: PlacedField.Companion, owner: String) throws(FileFault) {
    var at = 0
    for (index, step) in companion.object.enumerated() {
      try enter(at, as: step, path: companion.object[..<index], owner: owner)
      at = child(of: at, step, owner: owner)
    }
    try enter(at, as: .member(companion.name), path: companion.object[...], owner: owner)
    if let same = nodes[at].companions.first(where: { $0.name == companion.name }) {
      if same.json == companion.json { return }
      let name = CellPath.name(of: companion.object + [.member(companion.name)])
      throw Self.conflict(nodes[at].owner, owner, "both fill \(name)")
    }
    nodes[at].companions.append(companion)
  }

  private static func conflict(_ first: String, _ second: String, _ reason: String) -> FileFault {
    FileFault(.malformedCSV, "\(first) and \(second) \(reason)")
  }
}
