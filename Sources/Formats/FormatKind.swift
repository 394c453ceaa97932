/// The formats, by the extensions of dropped files: the one list of them.
package enum FormatKind: String, Sendable, CaseIterable {
  case csv
  case tsv
  case json
  case ndjson
  case jsonl

  package var format: any FileFormat {
    switch self {
    case .csv: CSVFormat()
    case .tsv: CSVFormat(delimiter: "\t")
    case .json: JSONFormat()
    case .ndjson, .jsonl: NDJSONFormat()
    }
  }

  /// What a route's `format` may be: `jsonl` is only another extension for NDJSON.
  package static var declarable: [FormatKind] { allCases.filter { $0 != .jsonl } }

  /// The extensions for a message: `.csv, .tsv ... or .jsonl`.
  package static var extensions: String {
    let all = allCases.map { ".\($0.rawValue)" }
    return all.dropLast().joined(separator: ", ") + all.suffix(1).map { " or \($0)" }.joined()
  }
}

/// What a file is read as: according to its route, or else to its extension.
package struct FileType: Sendable, Equatable {
  package var kind: FormatKind
  package var isGzipped: Bool

  package var format: any FileFormat { kind.format }

  /// Whether batches may leave items in the file: compressed bytes can't be looked up by position.
  package var keepsItemText: Bool { !isGzipped && format.keepsItemText }

  /// Nil if neither is known; the case of extensions does not matter.
  ///
  /// - Parameter format: what the route says, or what a file that was read was read as. The extension `.gz` counts even
  ///   then.
  package init?(fileName: [UInt8], format: FormatKind? = nil) {
    var name = String(decoding: fileName, as: UTF8.self).lowercased()[...]
    isGzipped = name.hasSuffix(".gz")
    if isGzipped { name = name.dropLast(3) }
    let kind =
      format ?? name.lastIndex(of: ".").flatMap { FormatKind(rawValue: String(name[name.index(after: $0)...])) }
    guard let kind else { return nil }
    self.kind = kind
  }
}
