import CLinux
import Glibc

/// What an inbox's paths lead to at one moment.
struct FolderPlaces: Equatable {
  struct Place: Equatable {
    var device: UInt64
    var inode: UInt64
    var mount: UInt64
  }

  /// In the order of `InboxFolders.all`; nil if there is no such folder.
  var places: [Place?]
}

extension InboxFolders {
  /// `inbox/` first.
  var all: [String] { [inbox, work, receipts, rejected, archive] }

  var standing: FolderPlaces {
    FolderPlaces(
      places: all.map { path -> FolderPlaces.Place? in
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
        return FolderPlaces.Place(
          device: UInt64(status.st_dev), inode: UInt64(status.st_ino), mount: UInt64(clinux_mount_id(path)))
      })
  }

  /// Why no file can be claimed, as far as the folders show it: one is missing, or on a different filesystem or mount
  /// than `inbox/`.
  ///
  /// Nil if there is no `inbox/` either, which a look reports.
  package var gap: InboxError? {
    let places = standing.places
    guard let inboxPlace = places[0] else { return nil }
    for (folder, place) in zip(all, places).dropFirst() {
      guard let place else { return InboxError(.missing, "watch", folder, "the folder is missing") }
      guard place.device == inboxPlace.device, place.mount == inboxPlace.mount else {
        return InboxError(.notOneFilesystem, "watch", folder, "is on a different filesystem or mount from \"\(inbox)\"")
      }
    }
    return nil
  }
}
