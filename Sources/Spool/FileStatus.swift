import Core
import Glibc

/// What the inode says about a file; never about the target of a symbolic link.
struct FileStatus: Equatable {
  enum Kind { case regular, folder, symbolicLink, fifo, socket, device }

  var kind: Kind
  var device: UInt64
  var inode: UInt64
  /// Bytes.
  var size: Int64
  /// Nanoseconds since 1970; contents last changed.
  var modified: Int64
  /// Nanoseconds since 1970; contents, name, owner or mode last changed. Unlike `modified`, nobody can set it.
  var changed: Int64
  /// How many names the file has.
  var links: UInt64
  /// The user that owns it.
  var owner: UInt32

  /// Nil with errno set if the descriptor is bad.
  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Nil with errno set, ENOENT if there is no such name.
  init?(path: UnsafePointer<CChar>) {
    self.init(path: path, in: AT_FDCWD)
  }

  /// `path` is relative to the folder that is open as `folder`.
  init?(path: UnsafePointer<CChar>, in folder: Int32) {
    var status = stat()
    guard fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    kind = Kind(mode: status.st_mode)
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = Int64(status.st_size)
    modified = Self.nanoseconds(status.st_mtim)
    changed = Self.nanoseconds(status.st_ctim)
    links = UInt64(status.st_nlink)
    owner = status.st_uid
  }

  /// Whoever drops a file sets its time, and some filesystems store years that nanoseconds since 1970 can't hold
  /// (before 1678, from 2262): those count as the first or last representable moment.
  static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec).multipliedSaturated(by: 1_000_000_000).addingSaturated(Int64(time.tv_nsec))
  }

  /// How long ago the inode last changed.
  func age(at now: Int64) -> Duration { .nanoseconds(now.subtractingSaturated(changed)) }

  /// Whether both are the same file, whatever its contents.
  func isSameFile(as other: FileStatus) -> Bool {
    inode == other.inode && device == other.device && kind == other.kind
  }

  /// Whether both are the same file and nothing was written in between, as far as size and time can tell.
  func isUnchanged(from other: FileStatus) -> Bool {
    isSameFile(as: other) && size == other.size && modified == other.modified
  }
}

extension FileStatus.Kind {
  init(mode: mode_t) {
    self =
      switch mode & S_IFMT {
      case S_IFREG: .regular
      case S_IFDIR: .folder
      case S_IFLNK: .symbolicLink
      case S_IFIFO: .fifo
      case S_IFSOCK: .socket
      default: .device
      }
  }

  /// From readdir's `d_type`; nil if the filesystem does not fill it in (readdir(3)).
  init?(entryType: UInt8) {
    switch Int(entryType) {
    case Int(DT_REG): self = .regular
    case Int(DT_DIR): self = .folder
    case Int(DT_LNK): self = .symbolicLink
    case Int(DT_FIFO): self = .fifo
    case Int(DT_SOCK): self = .socket
    case Int(DT_CHR), Int(DT_BLK): self = .device
    default: return nil
    }
  }

  /// Human-readable.
  var words: String {
    switch self {
    case .regular: "regular file"
    case .folder: "folder"
    case .symbolicLink: "symbolic link"
    case .fifo: "FIFO"
    case .socket: "socket"
    case .device: "device"
    }
  }
}
