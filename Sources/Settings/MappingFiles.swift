internal import Core

/// The mapping files that a configuration names, each read once.
final class MappingFiles {
  private var read: [String: ColumnMapping?] = [:]
  /// The faults of the mapping files, in the order in which the files were named.
  private(set) var faults: [SettingsFaults.Fault] = []

  /// Nil if the file can't be used; the reason is reported for that file, or for `entry` if the file does not exist.
  func mapping(path: String, namedBy entry: ConfigNode) -> ColumnMapping? {
    do {
      _ = try ConfigFile(path: path)
    } catch {
      entry.report("read \"\(path)\": \(error.reason)")
      return nil
    }
    if let known = read[path] { return known }
    let reading = LoadContext(path: path, environment: nil)
    let mapping = reading.root().flatMap { MappingReader(path: path).read($0.entry) }
    faults += reading.faults
    read[path] = mapping
    return mapping
  }
}
