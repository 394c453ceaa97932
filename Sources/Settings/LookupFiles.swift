internal import Core
internal import Formats
internal import Glibc

/// The tables that mapping files name, each read once.
///
/// A table is a CSV with a header row and two columns, from and to.
final class LookupFiles {
  static let mostRows = 1_000_000
  static let mostBytes = 64 << 20
  /// How many faults of one table are reported.
  private static let mostFaults = 20

  private var known: [String: ColumnMapping.Lookup?] = [:]

  /// Nil if the file can't be used; the reason is reported for that file, or for `entry` if the file does not exist.
  func lookup(path: String, namedBy entry: ConfigNode) -> ColumnMapping.Lookup? {
    if let known = known[path] { return known }
    do throws(ConfigFile.Unreadable) {
      let (descriptor, status) = try ConfigFile.open(path)
      defer { close(descriptor) }
      guard status.st_size <= Self.mostBytes else {
        throw ConfigFile.Unreadable(reason: "is larger than 64 MiB: is it the right file?")
      }
      let lookup = read(descriptor, path, namedBy: entry)
      known[path] = lookup
      return lookup
    } catch {
      entry.report("read \"\(path)\": \(error.reason)")
      return nil
    }
  }

  private func read(_ descriptor: Int32, _ path: String, namedBy entry: ConfigNode) -> ColumnMapping.Lookup? {
    var table = Table()
    var faults = 0
    func report(_ message: String, line: Int?) {
      faults += 1
      entry.reading.report(
        SettingsFaults.Fault(path: path, line: line, key: nil, message: message, namedIn: entry.origin))
    }
    do {
      var source = FileBytes(descriptor: descriptor, path: path)
      try CSVTable.read(&source) { names in
        guard names.count == 2 else {
          throw FileFault(
            .malformedCSV, "must have a header row and two columns, from and to, but has \(names.count)", line: 1)
        }
        // Where the header says which is which, it counts.
        if names.map({ $0.lowercased() }) == ["to", "from"] { table.fromColumn = 1 }
      } row: { line, cells in
        guard table.values.count < Self.mostRows else {
          throw FileFault(.tooLarge, "has more than \(Self.mostRows) rows", line: line)
        }
        guard let first = table.take(cells, line: line) else { return }
        guard faults < Self.mostFaults else { throw TooManyFaults() }
        report("\"\(cells[table.fromColumn])\" is already on line \(first): leave out one of them", line: line)
      }
      if table.values.isEmpty { report("has no rows below its header", line: nil) }
    } catch let fault as FileFault {
      report(fault.message, line: fault.line)
    } catch let error as ReadError {
      report("can't be read: \(error.reason)", line: nil)
    } catch {
      report("has more rows like these", line: nil)
    }
    return faults == 0 ? ColumnMapping.Lookup(path: path, values: table.values) : nil
  }

  private struct TooManyFaults: Error {}

  private struct Table {
    var fromColumn = 0
    var values: [String: String] = [:]
    private var lines: [String: Int] = [:]

    /// - Returns: the line that already has the same text to look up; nil if there is none.
    mutating func take(_ cells: [String], line: Int) -> Int? {
      let from = cells[fromColumn]
      if let first = lines[from] { return first }
      lines[from] = line
      values[from] = cells[1 - fromColumn]
      return nil
    }
  }
}
