import CLinux
import Core
import Glibc
import Synchronization

/// Scans an inbox's folder and decides what is ready, remembering what earlier scans and events reported.
///
/// A scan is one pass of readdir and fstatat; only files that would otherwise be ready are opened, to check for
/// writers, and only once if there are events.
struct InboxScanner {
  private let folders: InboxFolders
  private let options: WatchOptions
  /// How many scans must have seen a file unchanged: 2, or 1 for a single scan.
  private let scansWanted: Int
  private var sightings: [FileName: FileObservation] = [:]
  /// What events reported since the last scan: whether the file of that name arrived whole.
  private var arrivals: [FileName: Bool] = [:]
  private var hasEvents = false
  private var scanNumber: UInt64 = 0
  /// How many files the current scan has seen.
  private var seen = 0

  /// What a scan found, and when the next one would find more; nil if nothing waits for time to pass.
  struct Findings {
    var scan: InboxScan
    var due: Duration?
  }

  init(_ folders: InboxFolders, _ options: WatchOptions, scansWanted: Int = 2) {
    self.folders = folders
    self.options = options
    self.scansWanted = scansWanted
  }

  /// Takes in an event; the next scan uses it.
  mutating func note(_ event: FolderEvents.Event) {
    if let name = event.name { sightings[name]?.isProbed = false }
    switch event {
    case .arrivedWhole(let name): arrivals[name] = !folders.returned.remove(name)
    case .appeared(let name):
      arrivals[name] = false
      // If a filesystem can't rename without replacing, giving back is a link.
      _ = folders.returned.remove(name)
    case .left(let name): arrivals[name] = false
    case .touched: break
    case .lost: forgetArrivals()
    }
  }

  /// Forgets how files arrived, when events were lost; what scans saw remains valid.
  mutating func forgetArrivals() {
    arrivals.removeAll()
    folders.returned.removeAll()
    for name in sightings.keys {
      sightings[name]?.arrivedWhole = false
      sightings[name]?.isProbed = false
    }
  }

  /// `hasEvents`: the events since the last scan were noted, and none were lost.
  mutating func scan(at now: FileObservation.Moment, hasEvents: Bool = false) -> Findings {
    self.hasEvents = hasEvents
    scanNumber += 1
    seen = 0
    do {
      let findings = try pass(at: now)
      forgetAbsent()
      return findings
    } catch {
      return fail(error)
    }
  }

  /// A scan that failed.
  mutating func fail(_ error: InboxError) -> Findings {
    // A file not seen now may be another one when it is seen again.
    sightings.removeAll()
    arrivals.removeAll()
    return Findings(scan: InboxScan(fault: error))
  }

  private mutating func pass(at now: FileObservation.Moment) throws(InboxError) -> Findings {
    let listing = try FolderListing(folders.inbox)
    let isLocal = OpenWriterCheck.areKnown(on: listing.descriptor)
    var list = List()
    while let entry = try listing.next() {
      judge(entry, in: listing.descriptor, isLocal: isLocal, at: now, &list)
    }
    list.unclaimed.sort { $0.name < $1.name }
    list.ready.sort { ($0.scan, $0.file.modified, $0.file.name) < ($1.scan, $1.file.modified, $1.file.name) }
    var scan = InboxScan(ready: list.ready.map(\.file), unclaimed: list.unclaimed)
    scan.counts = list.counts
    return Findings(scan: scan, due: list.due)
  }

  /// What the current scan has found, in the folder's order.
  private struct List {
    var ready: [(file: ReadyFile, scan: UInt64)] = []
    var unclaimed: [UnreadyFile] = []
    var counts: [UnreadyFile.Kind: Int] = [:]
    var due: Duration?
  }

  private mutating func judge(
    _ entry: FolderListing.Entry, in folder: Int32, isLocal: Bool, at now: FileObservation.Moment,
    _ list: inout List
  ) {
    let name = entry.name
    func leave(_ kind: UnreadyFile.Kind, _ reason: @autoclosure () -> String) {
      list.counts[kind, default: 0] += 1
      guard list.counts[kind, default: 0] <= InboxScan.mostListed else { return }
      list.unclaimed.append(UnreadyFile(name: name, kind: kind, reason: reason()))
    }
    if let reason = options.reasonToIgnore(name) { return leave(.ignored, reason) }
    if let kind = entry.kind, kind != .regular { return leave(.notRegular, "not a regular file: \(kind.words)") }
    guard let status = name.withCString({ FileStatus(path: $0, in: folder) }) else {
      let reason = errno
      // Gone since it was listed, or there but inaccessible.
      return reason == ENOENT ? () : leave(.unreadable, "can't be read: \(InboxError.text(of: reason))")
    }
    guard status.kind == .regular else { return leave(.notRegular, "not a regular file: \(status.kind.words)") }
    if let marked = options.fileMarked(by: name) {
      let isThere = marked.withCString { FileStatus(path: $0, in: folder) } != nil
      return leave(.marker, isThere ? "marker of \(marked.display)" : "marker without its file: \(marked.display)")
    }
    if let checked = options.fileChecked(by: name) {
      // What is known about it must not depend on when its file comes.
      _ = sight(status, name, at: now)
      let isThere = checked.withCString { FileStatus(path: $0, in: folder) } != nil
      return leave(
        .checksum, isThere ? "side file of \(checked.display)" : "side file without its file: \(checked.display)")
    }
    guard var place = sight(status, name, at: now) else { return }
    var side: (file: ReadySideFile?, stand: Stand)?
    if let kind = options.checksum(for: name) {
      side = sideFile(kind, of: name, in: folder, isLocal: isLocal, at: now)
      guard let moved = sightings.index(forKey: name) else { return }
      place = moved
      if case .waits(.waitingForChecksum, _, _)? = side?.stand {
        switch standWithoutSideFile(at: place, name, in: folder, isLocal: isLocal, at: now) {
        case .ready?: side = nil
        case let stand?: side?.stand = stand
        case nil: break
        }
      }
    }
    switch stand(of: sightings.values[place], name, side?.stand, in: folder, isLocal: isLocal, at: now) {
    case .ready:
      let since = sightings.values[place].ready ?? (scanNumber, Timestamp(milliseconds: now.wall / 1_000_000))
      sightings.values[place].ready = since
      sightings.values[place].isProbed = true
      let file = ReadyFile(
        name: name, size: status.size, modified: status.modified, inode: status.inode, readySince: since.time,
        marker: options.marker(for: name), sideFile: side?.file)
      list.ready.append((file, since.scan))
    case .waits(let kind, let reason, let due):
      sightings.values[place].ready = nil
      if let due { list.due = min(due, list.due ?? due) }
      leave(kind, reason)
    case .gone: break
    }
  }

  /// The result of one scan for one file.
  private enum Stand {
    case ready
    case waits(UnreadyFile.Kind, String, due: Duration?)
    /// It vanished in the meantime.
    case gone
  }

  /// A file's side file, and whether that is ready; nil in `file` if there is none.
  private mutating func sideFile(
    _ kind: ChecksumKind, of name: FileName, in folder: Int32, isLocal: Bool, at now: FileObservation.Moment
  ) -> (file: ReadySideFile?, stand: Stand) {
    let missing = Stand.waits(
      .waitingForChecksum, "waiting for its side file \(name.display)\(kind.suffix)", due: nil)
    guard let side = kind.sideFile(of: name), let status = side.withCString({ FileStatus(path: $0, in: folder) }),
      status.kind == .regular, let place = sight(status, side, at: now) ?? sightings.index(forKey: side)
    else { return (nil, missing) }
    let stand = maturity(
      of: sightings.values[place], side, isVouchedFor: sightings.values[place].arrivedWhole && isLocal,
      hasMarker: false, in: folder, isLocal: isLocal, at: now)
    switch stand {
    case .ready:
      sightings.values[place].isProbed = true
      return (ReadySideFile(name: side, kind: kind, status: status), .ready)
    case .waits(let kind, let reason, let due):
      return (nil, .waits(kind, "its side file \(side.display): \(reason)", due: due))
    case .gone: return (nil, missing)
    }
  }

  /// The result for a file that has no side file: ready if it is a rejects file under another name, which needs none;
  /// nil if it has to wait for one.
  ///
  /// A file is looked into once, when it would be ready otherwise.
  private mutating func standWithoutSideFile(
    at place: Dictionary<FileName, FileObservation>.Index, _ name: FileName, in folder: Int32, isLocal: Bool,
    at now: FileObservation.Moment
  ) -> Stand? {
    let sighting = sightings.values[place]
    guard let isRejectsFile = options.isRejectsFile, sighting.isRejectsFile != false else { return nil }
    let stand = stand(of: sighting, name, nil, in: folder, isLocal: isLocal, at: now)
    switch stand {
    case .waits(.settling, _, _): return stand
    case .waits, .gone: return nil
    case .ready: break
    }
    let isOne = sighting.isRejectsFile ?? start(of: sighting, name, in: folder).map { isRejectsFile(name.bytes, $0) }
    sightings.values[place].isRejectsFile = isOne
    return isOne == true ? .ready : nil
  }

  /// The first bytes of a file; nil if it can't be read, or is no longer what the scan saw.
  private func start(of sighting: FileObservation, _ name: FileName, in folder: Int32) -> [UInt8]? {
    let descriptor = name.withCString {
      openat(folder, $0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    }
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard let opened = FileStatus(descriptor: descriptor), opened.isUnchanged(from: sighting.status) else { return nil }
    var start = [UInt8](repeating: 0, count: WatchOptions.startBytes)
    let count = pread(descriptor, &start, start.count, 0)
    return count >= 0 ? Array(start[..<count]) : nil
  }

  /// - Parameter side: the result for its side file; nil if it needs none.
  private func stand(
    of sighting: FileObservation, _ name: FileName, _ side: Stand?, in folder: Int32, isLocal: Bool,
    at now: FileObservation.Moment
  ) -> Stand {
    if let suffix = options.marker {
      let marker = options.marker(for: name)?.withCString { FileStatus(path: $0, in: folder) }
      guard let marker, marker.kind != .folder else {
        return .waits(.waitingForMarker, "waiting for \(name.display)\(suffix)", due: nil)
      }
    }
    if case .waits? = side, let side { return side }
    return maturity(
      of: sighting, name, isVouchedFor: sighting.arrivedWhole && isLocal || options.marker != nil,
      hasMarker: options.marker != nil, in: folder, isLocal: isLocal, at: now)
  }

  /// Whether a file, or a side file, is complete and was left alone for long enough.
  ///
  /// - Parameters:
  ///   - isVouchedFor: whether there is a better sign than time that it is complete.
  ///   - hasMarker: whether that sign is a marker.
  private func maturity(
    of sighting: FileObservation, _ name: FileName, isVouchedFor: Bool, hasMarker: Bool, in folder: Int32,
    isLocal: Bool, at now: FileObservation.Moment
  ) -> Stand {
    let age = sighting.leftAlone(at: now)
    if age < options.minAge {
      let rest = options.minAge - age
      let end = Timestamp(milliseconds: now.wall.addingSaturated(Int64(rest.wholeNanoseconds)) / 1_000_000)
      return .waits(.minAge, "left alone until \(end) (watch.min_age)", due: rest)
    }
    // Many senders create a file first and fill it later, in a second opening.
    let isEmpty = sighting.status.size == 0
    let settle = isEmpty ? options.settle * 5 : options.settle
    let calm = sighting.calm(
      at: now, settle: settle, scansWanted: scansWanted, hasOurTimes: isLocal || scansWanted == 1)
    if case .settling(let age, let due) = calm, !isVouchedFor || isEmpty { return settling(age, due, of: settle) }
    // A writer that opens a ready file unnoticed is detected by `claim`, whose renames are events; opening each of ten
    // thousand waiting files in each scan would cost more than everything else.
    if sighting.isProbed, hasEvents { return .ready }
    switch probe(sighting, name, in: folder, isLocal: isLocal) {
    case .free: return .ready
    case .unknown:
      // A marker is a sender's word; an event reports one writer that is done, and says nothing about others.
      if case .settling(let age, let due) = calm, !hasMarker { return settling(age, due, of: settle) }
      return .ready
    case .written: return .waits(.openForWriting, "open for writing by another process", due: nil)
    case .unreadable(let reason): return .waits(.unreadable, "can't be read: \(reason)", due: nil)
    case .changed: return settling(.zero, settle, of: settle)
    case .gone: return .gone
    }
  }

  private func settling(_ age: Duration, _ due: Duration, of settle: Duration) -> Stand {
    let reason = "changed \(Self.tenths(age)) s ago, settles after \(Self.tenths(settle)) s"
    return .waits(.settling, reason, due: due)
  }

  /// What opening a file reveals.
  private enum Probe {
    case free
    case unknown
    case written
    case unreadable(String)
    /// It is not what it was a moment ago; the next scan shows what it is.
    case changed
    case gone
  }

  private func probe(_ sighting: FileObservation, _ name: FileName, in folder: Int32, isLocal: Bool) -> Probe {
    let descriptor = name.withCString {
      openat(folder, $0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    }
    guard descriptor >= 0 else {
      return switch errno {
      case ENOENT: .gone
      // Now a symbolic link, a socket, or a device without a driver.
      case ELOOP, ENXIO, ENODEV: .changed
      // Something else, such as a file server, has a lease on it that it must give up first.
      case EAGAIN: .written
      default: .unreadable(InboxError.text(of: errno))
      }
    }
    defer { close(descriptor) }
    // On NFS only opening a file updates its size and time.
    guard let opened = FileStatus(descriptor: descriptor), opened.isUnchanged(from: sighting.status) else {
      return .gone
    }
    guard isLocal else { return .unknown }
    return switch OpenWriterCheck(of: descriptor) {
    case .none: .free
    case .some: .written
    case .unknown: .unknown
    }
  }

  /// Takes in a file; nil if this scan has already had it, since a folder may list a name twice while it changes.
  private mutating func sight(
    _ status: FileStatus, _ name: FileName, at now: FileObservation.Moment
  ) -> Dictionary<FileName, FileObservation>.Index? {
    if let place = sightings.index(forKey: name) {
      guard sightings.values[place].lastScan < scanNumber else { return nil }
      sightings.values[place].see(status, at: now, scan: scanNumber)
    } else {
      sightings[name] = FileObservation(status, at: now, scan: scanNumber)
    }
    seen += 1
    let place = sightings.index(forKey: name)
    if let place, let arrivedWhole = arrivals[name] { sightings.values[place].arrivedWhole = arrivedWhole }
    return place
  }

  private mutating func forgetAbsent() {
    arrivals.removeAll(keepingCapacity: true)
    guard sightings.count > seen else { return }
    let scanNumber = scanNumber
    sightings = sightings.filter { $0.value.lastScan == scanNumber }
  }

  private static func tenths(_ duration: Duration) -> String {
    let tenths = max(0, duration.milliseconds / 100)
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
  }
}

/// The names of files that were given back to `inbox/` because they changed.
///
/// Giving back is a rename, and inotify reports any rename into the folder as a complete arrival. This lets the watcher
/// tell them apart.
final class ReturnedFiles: Sendable {
  private let names = Mutex<Set<FileName>>([])

  func insert(_ name: FileName) { names.withLock { _ = $0.insert(name) } }

  /// Whether the name was in the set; it no longer is.
  func remove(_ name: FileName) -> Bool { names.withLock { $0.remove(name) != nil } }

  func removeAll() { names.withLock { $0.removeAll() } }
}

/// Whether some process has a file open for writing, as far as the kernel reports it.
enum OpenWriterCheck {
  case none
  case some
  /// The filesystem grants no leases, or only to the file's owner and to CAP_LEASE (fcntl(2)).
  case unknown

  /// Checks with a read lease that is released at once; `descriptor` must be open for reading only.
  init(of descriptor: Int32) {
    self = Self.areKnown(on: descriptor) ? OpenWriterCheck(ofLocal: descriptor) : .unknown
  }

  /// Checks a file whose folder is known to be on a filesystem that reports writers.
  init(ofLocal descriptor: Int32) {
    self =
      switch clinux_writers(descriptor) {
      case 0: .none
      case 1: .some
      default: .unknown
      }
  }

  /// Whether leases on this file's or folder's filesystem cover all writers; on NFS and SMB they don't.
  static func areKnown(on descriptor: Int32) -> Bool { clinux_leases_tell(descriptor) == 1 }
}
