internal import Core

/// Values that are characters, or text of a dropped file rather than a setting's word.
extension ConfigNode {
  /// One character; YAML's `~`, without quotes, is one, too.
  ///
  /// - Parameter wanted: for messages: `one character`.
  func character(_ wanted: String = "one character") -> Unicode.Scalar? {
    guard let text = scalarText() else { return nil }
    let scalars = text.text.unicodeScalars
    guard let scalar = scalars.first, scalars.count == 1 else {
      report(
        text.text.isEmpty
          ? "has no value: give \(wanted), or leave out the key" : "must be \(wanted), but is \"\(text.written)\"")
      return nil
    }
    return scalar
  }

  /// The text of a line or cell: not empty, and within one line. `NULL`, without quotes, is text here.
  func lineText() -> String? {
    guard let text = scalarText()?.text else { return nil }
    guard !text.isEmpty else {
      report("must not be empty")
      return nil
    }
    guard !text.unicodeScalars.contains(where: { ["\n", "\r", "\0"].contains($0) }) else {
      report("must not contain a line break or NUL")
      return nil
    }
    return text
  }

  /// A column's name, as `ColumnName.normalized` makes it.
  func columnName() -> String? {
    guard let text = scalarText()?.text else { return nil }
    let name = ColumnName.normalized(text)
    guard !name.isEmpty else {
      report("must be a column's name, but is empty")
      return nil
    }
    return name
  }

  /// A pattern of cells, as `Glob` has it.
  func cellPattern() -> String? {
    guard let pattern = lineText() else { return nil }
    if let fault = Glob.fault(inCellPattern: pattern) {
      report(fault)
      return nil
    }
    return pattern
  }

  /// One value, or a list of them.
  func oneOrMore<T>(_ read: (ConfigNode) -> T?) -> [T]? {
    isScalar ? read(self).map { [$0] } : list(read)
  }

  /// Cells that mean "no value".
  func nullTexts() -> Set<String>? { oneOrMore { $0.nullText() }.map { Set($0) } }

  private func nullText() -> String? {
    guard let text = scalarText()?.text else { return nil }
    guard !text.isEmpty else {
      report("must not be empty: an empty cell means \"no value\" anyway")
      return nil
    }
    return text
  }
}
