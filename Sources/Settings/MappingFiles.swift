internal import Core
internal import Formats

/// A mapping file, and what the checks of a route need to name its lines.
struct MappingFile {
  /// Something that fills a field: a column, a constant, a computed field.
  struct Filling {
    var path: CellPath
    /// For messages: `column "Name"`.
    var owner: String
    var isConstant: Bool
    /// Where the file names the field.
    var entry: ConfigNode
  }

  var mapping: ColumnMapping
  /// All whose paths can be read and that fill different fields, in the file's order.
  var fillings: [Filling] = []
  var root: ConfigNode

  /// The columns that are part of a computed field.
  var computedColumns: Set<String> {
    Set(
      mapping.computed.flatMap(\.parts).compactMap { part in
        if case .column(let name) = part { name } else { nil }
      })
  }

  /// The columns that a file may have: mapped, part of a computed field, or ignored.
  var knownColumns: Set<String> { computedColumns.union(mapping.columns.keys).union(mapping.ignore) }

  /// The columns that a file must have.
  var neededColumns: Set<String> {
    computedColumns.union(mapping.columns.keys).filter {
      mapping.columns[$0]?.contains(where: \.isOptional) != true
    }
  }
}

/// The mapping files that a configuration names, each read once.
final class MappingFiles {
  private var files: [String: MappingFile?] = [:]
  /// In the order in which the files were named.
  private var readings: [LoadContext] = []
  private let lookups = LookupFiles()

  /// The faults of the mapping files, in the order in which the files were named, and of the tables that they name.
  var faults: [SettingsFaults.Fault] { readings.flatMap(\.sortedFaults) }

  /// Nil if the file can't be used; the reason is reported for that file, or for `entry` if the file does not exist.
  func file(path: String, namedBy entry: ConfigNode) -> MappingFile? {
    do {
      _ = try ConfigFile(path: path)
    } catch {
      entry.report("read \"\(path)\": \(error.reason)")
      return nil
    }
    if let known = files[path] { return known }
    let reading = LoadContext(path: path, environment: nil)
    readings.append(reading)
    let file = reading.root().flatMap { MappingReader(path: path, lookups: lookups).read($0.entry) }
    files[path] = file
    return file
  }
}
