internal import Delivery

/// The names of scanned batches by their places: twelve bytes each.
///
/// In the order of the scan, which is that of the names, so that places are found by names, too. What has left at the beginning can be dropped.
struct ScannedNames {
  private var files: [FileID] = []
  private var fileIndexes: [UInt32] = []
  private var positions: [UInt64] = []
  /// The scan number of the first one.
  private var start = 1
  /// Parts that were made since the scan.
  private var partNames: [Place: BatchName] = [:]
  private var partPlaces: [BatchName: Place] = [:]

  var count: Int { positions.count }
  var partCount: Int { partNames.count }

  /// The place of the next batch that is scanned.
  var nextPlace: Place { Place(scanNumber: start + count) }

  /// Nil for a position that no version of upsertd gives.
  mutating func append(_ name: BatchName) -> Place? {
    guard let packed = Self.packed(name.position) else { return nil }
    let place = nextPlace
    if files.last != name.file { files.append(name.file) }
    fileIndexes.append(UInt32(truncatingIfNeeded: files.count - 1))
    positions.append(packed)
    return place
  }

  /// A place for a batch that is not found by its name: it stands behind all that was scanned.
  mutating func appendNameless() -> Place {
    let place = nextPlace
    // Found first, where it is looked for, is the batch whose name this repeats.
    if files.isEmpty { files.append(FileID.first) }
    fileIndexes.append(fileIndexes.last ?? 0)
    positions.append(positions.last ?? 0)
    return place
  }

  mutating func note(part name: BatchName, at place: Place) {
    partNames[place] = name
    partPlaces[name] = place
  }

  mutating func forget(part name: BatchName) {
    if let place = partPlaces.removeValue(forKey: name) { partNames[place] = nil }
  }

  subscript(place: Place) -> BatchName? {
    if place.isPart { return partNames[place] }
    let index = place.scanNumber - start
    guard positions.indices.contains(index) else { return nil }
    return BatchName(file: files[Int(fileIndexes[index])], position: Self.unpacked(positions[index]))
  }

  subscript(name: BatchName) -> Place? {
    if let place = partPlaces[name] { return place }
    guard let packed = Self.packed(name.position) else { return nil }
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if (files[Int(fileIndexes[middle])], positions[middle]) < (name.file, packed) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    guard low < count, positions[low] == packed, files[Int(fileIndexes[low])] == name.file else { return nil }
    return Place(scanNumber: start + low)
  }

  /// Whether a batch of the file was scanned, and its name is still there.
  func holds(_ file: FileID) -> Bool {
    var (low, high) = (0, files.count)
    while low < high {
      let middle = (low + high) / 2
      if files[middle] < file { low = middle + 1 } else { high = middle }
    }
    return low < files.count && files[low] == file
  }

  /// Drops the names of all batches before this one.
  mutating func drop(before place: Place) {
    let dropped = min(count, max(0, place.scanNumber - start))
    guard dropped > 0 else { return }
    start += dropped
    positions.removeFirst(dropped)
    let firstFile = dropped < fileIndexes.count ? Int(fileIndexes[dropped]) : max(0, files.count - 1)
    fileIndexes = fileIndexes.dropFirst(dropped).map { $0 - UInt32(firstFile) }
    files.removeFirst(min(firstFile, files.count))
  }

  /// Eight digits in 27 bits, the further ones, which are 0 or 1, in 32, and how many these are in five: sorts as the text does.
  private static func packed(_ position: String) -> UInt64? {
    let text = position.utf8
    guard text.count >= 8, text.count < 8 + 32, let ordinal = UInt64(position.prefix(8)) else { return nil }
    var path: UInt64 = 0
    var length: UInt64 = 0
    for digit in text.dropFirst(8) {
      guard digit == UInt8(ascii: "0") || digit == UInt8(ascii: "1") else { return nil }
      path |= UInt64(digit - UInt8(ascii: "0")) << (31 - length)
      length += 1
    }
    return ordinal << 37 | path << 5 | length
  }

  private static func unpacked(_ packed: UInt64) -> String {
    let digits = String(packed >> 37)
    var position = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    let path = packed >> 5 & 0xFFFF_FFFF
    for index in 0..<(packed & 31) { position += path >> (31 - index) & 1 == 1 ? "1" : "0" }
    return position
  }
}
