internal import Delivery

/// The mapping files that a configuration names, each read once.
final class MappingFiles {
  private var read: [String: ColumnMapping?] = [:]
  /// Of the mapping files, in the order in which they were named.
  private(set) var faults: [SettingsFaults.Fault] = []

  /// Nil where the file can't be used; why is told of that file, or of `entry` where there is no such file.
  func mapping(path: String, namedBy entry: Entry) -> ColumnMapping? {
    do {
      _ = try SmallFile(path: path)
    } catch {
      entry.report("read \"\(path)\": \(error.reason)")
      return nil
    }
    if let known = read[path] { return known }
    let reading = Reading(path: path, environment: nil)
    let mapping = reading.root().flatMap { MappingReader(path: path).read($0.entry) }
    faults += reading.faults
    read[path] = mapping
    return mapping
  }
}
