import CLinux

/// Whether some process has a file open for writing, as far as the kernel tells.
enum Writers {
  case none
  case some
  /// The filesystem grants no leases, or only to the file's owner and to CAP_LEASE (fcntl(2)).
  case unknown

  /// Asks by a read lease, given up at once; `descriptor` must be open for reading only.
  init(of descriptor: Int32) {
    self = Self.areKnown(on: descriptor) ? Writers(ofLocal: descriptor) : .unknown
  }

  /// Asks about a file whose folder is known to be on a filesystem that tells.
  init(ofLocal descriptor: Int32) {
    self =
      switch clinux_writers(descriptor) {
      case 0: .none
      case 1: .some
      default: .unknown
      }
  }

  /// Whether leases on this file's or folder's filesystem speak of all writers; on NFS and SMB they don't.
  static func areKnown(on descriptor: Int32) -> Bool { clinux_leases_tell(descriptor) == 1 }
}
