import Core
import Glibc

extension Zone {
  /// Where Debian's package `tzdata` has its files.
  package static let folder = "/usr/share/zoneinfo"

  /// Reads the zone of this name, such as `Europe/Dublin`. `UTC` needs no file.
  ///
  /// - Throws: a `CalendarError`: with the nearest name if there is no such zone.
  package init(named name: String, in folder: String = Zone.folder) throws(CalendarError) {
    if name == "UTC" || name == "Etc/UTC" {
      self = .utc
      return
    }
    func fault(_ code: CalendarError.Code, _ reason: String) -> CalendarError {
      CalendarError(code, "time zone", name.onOneLine, reason)
    }
    guard !name.isEmpty else { throw fault(.unknownZone, "is empty: write a name such as Europe/Dublin, or UTC") }
    do {
      if Self.isPlain(name) {
        self = try Zone(name: name, file: "\(folder)/\(name)")
        return
      }
    } catch {
      switch error {
      case .missing: break
      case .unreadable(let reason): throw fault(.unreadableZone, "can't be read from \(folder): \(reason)")
      case .damaged(let reason): throw fault(.damagedZone, reason)
      }
    }
    guard access(folder, F_OK) == 0 else {
      throw fault(.noZones, "can't be looked up, since \(folder) does not exist: install the package tzdata")
    }
    if let meant = Self.nearestName(to: name, in: folder) {
      throw fault(.unknownZone, "is no time zone that this machine knows: did you mean \"\(meant)\"?")
    }
    throw fault(
      .unknownZone, "is no time zone that this machine knows: write a name such as Europe/Dublin, or UTC")
  }

  /// The machine's own zone: what `TZ` says, else what `/etc/localtime` is, else UTC.
  ///
  /// `TZ` may hold anything that glibc understands (tzset(3)): a name, a file's path, or a rule such as
  /// `CET-1CEST,M3.5.0,M10.5.0/3`; empty means UTC. `/etc/localtime` is a link into the folder of time zones
  /// (localtime(5)); a copy of a zone's file gets the name `localtime`.
  ///
  /// - Parameter tz: the value of the environment variable `TZ`; nil if it is not set.
  /// - Throws: a `CalendarError` if that zone can't be used. glibc takes UTC then, which nobody would notice.
  package static func ofMachine(
    tz: String?, localtime: String = "/etc/localtime", in folder: String = Zone.folder
  ) throws(CalendarError) -> Zone {
    guard let tz else { return try ofFile(localtime, in: folder) ?? .utc }
    let text = tz.hasPrefix(":") ? String(tz.dropFirst()) : tz
    if text.isEmpty { return .utc }
    if text.hasPrefix("/") {
      if let zone = try ofFile(text, in: folder) { return zone }
      throw CalendarError(.unknownZone, "time zone", text.onOneLine, "in TZ is a file that does not exist")
    }
    do {
      return try Zone(named: text, in: folder)
    } catch {
      guard let rule = RecurringRule(text.utf8) else { throw error }
      return Zone(name: text, rule)
    }
  }

  /// The zone of a link to a zone's file, or of such a file; nil if there is none.
  private static func ofFile(_ path: String, in folder: String) throws(CalendarError) -> Zone? {
    if let name = name(of: linkTarget(path) ?? path) { return try Zone(named: name, in: folder) }
    func fault(_ code: CalendarError.Code, _ reason: String) -> CalendarError {
      CalendarError(code, "time zone", path.onOneLine, reason)
    }
    do {
      return try Zone(name: String(path.split(separator: "/").last ?? ""), file: path)
    } catch {
      switch error {
      case .missing: return nil
      case .unreadable(let reason): throw fault(.unreadableZone, "can't be read: \(reason)")
      case .damaged(let reason): throw fault(.damagedZone, reason)
      }
    }
  }

  /// `Europe/Dublin` of `../usr/share/zoneinfo/Europe/Dublin`; nil if the path is not in a folder of time zones.
  private static func name(of path: String) -> String? {
    let parts = path.split(separator: "/")
    guard let folder = parts.lastIndex(of: "zoneinfo") else { return nil }
    let name = parts[(folder + 1)...].joined(separator: "/")
    return isPlain(name) ? name : nil
  }

  private static func linkTarget(_ path: String) -> String? {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &target, target.count)
    return count > 0 ? String(validating: target.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
  }

  // MARK: - Names

  /// Whether a name is that of a file in the folder of time zones or its subfolders, and nothing else.
  private static func isPlain(_ name: String) -> Bool {
    guard name.utf8.count <= 100 else { return false }
    return name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
      guard let first = part.first, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else { return false }
      return part.allSatisfy { byte in
        switch Unicode.Scalar(byte) {
        case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "+", "-": true
        default: false
        }
      }
    }
  }

  /// The zone that was probably meant. Abbreviations such as `PST` are not close to any name.
  private static func nearestName(to name: String, in folder: String) -> String? {
    guard name.utf8.count <= 100 else { return nil }
    let meant = nearestWord(to: name, among: names(in: folder).filter { $0.contains("/") } + ["UTC"])
    guard let meant, (try? Zone(named: meant, in: folder)) != nil else { return nil }
    return meant
  }

  /// At most a few thousand names, in a fixed order; `posix` and `right` hold the same zones once more.
  private static func names(in folder: String) -> [String] {
    var names: [String] = []
    var folders = [""]
    while let prefix = folders.popLast(), names.count < 5_000 {
      guard let stream = opendir("\(folder)/\(prefix)") else { continue }
      defer { closedir(stream) }
      while let entry = readdir(stream), names.count < 5_000 {
        let (name, isFolder) = unsafeEntry(entry)
        guard isPlain(name), name != "posix", name != "right" else { continue }
        if !isFolder {
          names.append(prefix + name)
        } else if folders.count < 100, prefix.count < 50 {
          folders.append("\(prefix)\(name)/")
        }
      }
    }
    return names.sorted()
  }

  private static func unsafeEntry(_ entry: UnsafeMutablePointer<dirent>) -> (name: String, isFolder: Bool) {
    // Not through a copy of `d_name`: the kernel's entry may be shorter than the type.
    let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 0
    let name = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self)
    let type = UnsafeRawPointer(entry).load(
      fromByteOffset: MemoryLayout<dirent>.offset(of: \.d_type) ?? 0, as: UInt8.self)
    return (String(cString: name), Int(type) == Int(DT_DIR))
  }

  // MARK: - Files

  private enum FileFault: Error {
    case missing
    case unreadable(String)
    case damaged(String)
  }

  private init(name: String, file path: String) throws(FileFault) {
    let bytes = try Self.content(path)
    do { self = Zone(name: name, try ZoneFile(bytes)) } catch { throw .damaged(error.reason) }
  }

  private static func content(_ path: String) throws(FileFault) -> [UInt8] {
    // Non-blocking, or a FIFO would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable(String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var about = stat()
    guard fstat(descriptor, &about) == 0 else { throw .unreadable(String(cString: strerror(errno))) }
    guard about.st_mode & S_IFMT == S_IFREG else { throw .missing }
    var bytes = [UInt8](repeating: 0, count: ZoneFile.maxBytes + 1)
    var count = 0
    while count < bytes.count {
      let added = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress.map { $0 + count }, $0.count - count) }
      if added < 0, errno == EINTR { continue }
      guard added >= 0 else { throw .unreadable(String(cString: strerror(errno))) }
      if added == 0 { break }
      count += added
    }
    guard count <= ZoneFile.maxBytes else { throw .damaged("is larger than \(ZoneFile.maxBytes) bytes") }
    return Array(bytes.prefix(count))
  }
}
