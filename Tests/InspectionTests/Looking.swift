import APIs
import Core
import Foundation
@testable import Inspection

/// What a file of `Files` looks like.
func inspection(of file: String, for api: APIKind? = .liquid) throws -> Inspection {
  let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Files/\(file)").path
  return Inspection(try FileSample.read(path: path), for: .init(api: api))
}

/// What a file of this text looks like.
func inspection(named name: String = "test.csv", _ text: String, for api: APIKind? = .liquid) -> Inspection {
  Inspection(FileSample(name: name, content: Array(text.utf8)), for: .init(api: api))
}

extension Inspection {
  var csv: CSVInspection? {
    if case .csv(let csv) = content { csv } else { nil }
  }

  var json: JSONInspection? {
    if case .json(let json) = content { json } else { nil }
  }

  var options: CSVOptions? { csv?.options }

  /// The route as YAML, a key a line.
  var routeText: [String] { route.map { YAMLText.block($0) } ?? [] }

  var mappingText: [String] {
    mappingDocument.map { YAMLText.block($0, open: ["columns", "constants", "computed"]) } ?? []
  }

  func isUnsure(_ words: String) -> Bool { unsure.contains { $0.contains(words) } }
}

/// Options that differ from the defaults in what `change` sets.
func options(_ change: (inout CSVOptions) -> Void) -> CSVOptions {
  var options = CSVOptions()
  change(&options)
  return options
}

/// A mapping of these columns.
func mapping(
  _ path: String, _ columns: [String: ColumnMapping.MappedField], ignore: Set<String> = [],
  constants: [ColumnMapping.Constant] = []
) -> ColumnMapping {
  ColumnMapping(columns: columns.mapValues { [$0] }, constants: constants, ignore: ignore, path: path)
}

extension ColumnMapping.MappedField: ExpressibleByStringLiteral {
  package init(stringLiteral path: String) { self.init(to: path) }
}
