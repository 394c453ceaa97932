import CLinux

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
