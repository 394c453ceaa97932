import Foundation

/// Copies a database and its log, as if the process that writes them had been killed at this moment.
func copyOutbox(from folder: String, to next: String) throws {
  try FileManager.default.createDirectory(atPath: next, withIntermediateDirectories: false)
  for name in ["outbox.sqlite", "outbox.sqlite-wal"] where FileManager.default.fileExists(atPath: "\(folder)/\(name)") {
    try FileManager.default.copyItem(atPath: "\(folder)/\(name)", toPath: "\(next)/\(name)")
  }
}
