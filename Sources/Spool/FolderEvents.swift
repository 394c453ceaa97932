import Glibc

/// What inotify reports about one folder, from when this is created until it is freed.
///
/// Not a source of truth: a folder on NFS reports only this machine's changes, and the queue can overflow.
final class FolderEvents {
  enum Event: Equatable {
    /// A writer closed it, or it was renamed to this name.
    case arrivedWhole(FileName)
    /// It was created or linked: somebody may be about to write to it.
    case appeared(FileName)
    /// It was deleted or renamed away.
    case left(FileName)
    /// Owner, mode or times changed.
    case touched(FileName)
    /// Events were lost, or the folder itself is gone.
    case lost

    var name: FileName? {
      switch self {
      case .arrivedWhole(let name), .appeared(let name), .left(let name), .touched(let name): name
      case .lost: nil
      }
    }

    /// Whether a scan would find something new.
    var callsForLook: Bool {
      if case .left = self { false } else { true }
    }
  }

  /// Readable when there are events; whoever waits for that closes it when the waiting has ended.
  let descriptor: Int32
  /// The watched folder, whatever its path leads to by now.
  private let folder: FileStatus
  private var isWatching = true

  private static let mask = UInt32(
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB | IN_DELETE | IN_MOVED_FROM | IN_DELETE_SELF | IN_MOVE_SELF)

  /// Nil if the kernel has no inotify, or none left for this user: then there are only polls.
  init?(_ path: String) {
    descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
    guard descriptor >= 0 else { return nil }
    let opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { if opened >= 0 { close(opened) } }
    // By the descriptor, so that the watched folder and the remembered one are the same.
    guard opened >= 0, let folder = FileStatus(descriptor: opened),
      inotify_add_watch(descriptor, "/proc/self/fd/\(opened)", Self.mask | UInt32(IN_ONLYDIR)) >= 0
    else {
      close(descriptor)
      return nil
    }
    self.folder = folder
  }

  /// Whether events still arrive, and from the folder that is at `path` now.
  func isWatching(_ path: String) -> Bool {
    let opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard opened >= 0 else { return false }
    defer { close(opened) }
    return isWatching && FileStatus(descriptor: opened)?.isSameFile(as: folder) == true
  }

  /// The events since the last call; never blocks.
  func drain() -> [Event] {
    var events: [Event] = []
    withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 8) { buffer in
      while isWatching {
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        guard count > 0 else { return }
        decode(UnsafeRawBufferPointer(rebasing: buffer[..<count]), into: &events)
      }
    }
    return events
  }

  /// `struct inotify_event` (inotify(7)): wd, mask, cookie, len, and `len` bytes of name, padded with NULs.
  private func decode(_ buffer: UnsafeRawBufferPointer, into events: inout [Event]) {
    var rest = buffer
    while rest.count >= 16 {
      let mask = rest.load(fromByteOffset: 4, as: UInt32.self)
      let length = Int(rest.load(fromByteOffset: 12, as: UInt32.self))
      guard rest.count >= 16 + length else { return }
      let name = FileName(known: Array(rest[16..<(16 + length)].prefix { $0 != 0 }))
      if let event = event(mask, name) { events.append(event) }
      rest = UnsafeRawBufferPointer(rebasing: rest[(16 + length)...])
    }
  }

  private func event(_ mask: UInt32, _ name: FileName) -> Event? {
    func has(_ bits: Int) -> Bool { mask & UInt32(bits) != 0 }
    if has(Int(IN_Q_OVERFLOW)) { return .lost }
    if has(Int(IN_DELETE_SELF) | Int(IN_MOVE_SELF) | Int(IN_UNMOUNT) | Int(IN_IGNORED)) {
      isWatching = false
      return .lost
    }
    // About the folder itself.
    if name.bytes.isEmpty { return nil }
    if has(Int(IN_CLOSE_WRITE) | Int(IN_MOVED_TO)) { return .arrivedWhole(name) }
    if has(Int(IN_CREATE)) { return .appeared(name) }
    if has(Int(IN_DELETE) | Int(IN_MOVED_FROM)) { return .left(name) }
    return .touched(name)
  }
}
