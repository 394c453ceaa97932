package import Core
internal import JSONText

/// A rejected item, as a format writes it.
package struct RejectedItem {
  /// Counts from 1 in the file.
  package var number: Int
  /// Physical line on which it starts, from 1.
  package var line: Int
  /// Where it is: `RawItem.source`.
  package var source: Range<Int>
  package var fault: ItemFault
  /// Of what is at `source`; nil if an older upsertd read the item.
  package var tag: SourceTag?

  package init(number: Int, line: Int, source: Range<Int>, fault: ItemFault, tag: SourceTag?) {
    self.number = number
    self.line = line
    self.source = source
    self.fault = fault
    self.tag = tag
  }

  /// Why only the reason is written.
  var lostFault: ItemFault {
    var fault = fault
    // In that case the reason already says so.
    if fault.code != .fileChanged {
      fault.message += "; the item's text is missing here because the file was changed after it was checked"
    }
    return fault
  }
}

/// Where a rejects file is written to.
package protocol RejectsOutput {
  /// Bytes so far.
  var count: Int { get }
  func append(_ bytes: [UInt8]) throws
  /// Takes back what was appended after the first `count` bytes.
  func cut(to count: Int) throws
}

extension RejectsOutput {
  func append(_ text: String) throws { try append(Array(text.utf8)) }
}

/// What a format needs to write a rejects file: the items, what was known of the file when it was read, and where to.
///
/// The items are read again from the claimed file, which its owner may have changed in the meantime. An item is written
/// only if it is still what was checked; otherwise only its reason is.
package struct RejectsWork {
  let output: any RejectsOutput
  /// As it was read, like `layout` and `headerTag`: see `FileReport`.
  let shape: DocumentShape
  let layout: String?
  let headerTag: SourceTag?
  /// The delimiter of a CSV that an older upsertd read, without a `layout`.
  let delimiter: UInt8?
  /// Made the tags of the checked items.
  let key: SourceKey
  /// Items up to this size, in bytes, are held in memory while their reason is inserted.
  let maxItemBytes: Int
  /// Returns the next rejected items after a number, ascending; none at the end.
  let page: (_ after: Int) throws -> [RejectedItem]
  /// Puts a reason into an item of the file's API.
  let annotate: (_ item: Span<UInt8>, _ isJSON: Bool, RejectedItem) -> [UInt8]
  /// Called every few hundred items, and for each piece of a huge one; an error that it throws ends the writing.
  let onProgress: () throws -> Void

  package init(
    output: any RejectsOutput, shape: DocumentShape, layout: String?, headerTag: SourceTag?, delimiter: UInt8?,
    key: SourceKey, maxItemBytes: Int, page: @escaping (_ after: Int) throws -> [RejectedItem],
    annotate: @escaping (_ item: Span<UInt8>, _ isJSON: Bool, RejectedItem) -> [UInt8],
    onProgress: @escaping () throws -> Void
  ) {
    self.output = output
    self.shape = shape
    self.layout = layout
    self.headerTag = headerTag
    self.delimiter = delimiter
    self.key = key
    self.maxItemBytes = maxItemBytes
    self.page = page
    self.annotate = annotate
    self.onProgress = onProgress
  }

  func forEach(_ body: (RejectedItem, _ isFirst: Bool) throws -> Void) throws {
    var last = 0
    while true {
      let items = try page(last)
      guard let end = items.last else { return }
      for (place, item) in items.enumerated() { try body(item, last == 0 && place == 0) }
      last = end.number
      try onProgress()
    }
  }

  // MARK: - Checking items

  /// The item's bytes; nil if they are no longer what was checked.
  func bytes(of item: RejectedItem, _ ranges: inout SourceRanges<ContentBytes>) throws -> [UInt8]? {
    var bytes: [UInt8] = []
    let isChanged = try isChanged { try ranges.copy(item.source) { bytes.append(contentsOf: $0) } }
    guard !isChanged, agrees(item, key.tag(of: bytes.span)) else { return nil }
    return bytes
  }

  /// Calls `each` with the item's bytes, piece by piece, before it is known whether they are what was checked: if they
  /// are not, everything written of the item since `mark` is taken back.
  ///
  /// - Returns: whether they are.
  func copy(
    _ item: RejectedItem, _ ranges: inout SourceRanges<ContentBytes>, since mark: Int, _ each: ([UInt8]) throws -> Void
  ) throws -> Bool {
    var hasher = SourceHasher(key)
    let isChanged = try isChanged {
      try ranges.copy(item.source) { chunk in
        try onProgress()
        hasher.update(chunk)
        var bytes: [UInt8] = []
        bytes.append(contentsOf: chunk)
        try each(bytes)
      }
    }
    if !isChanged, agrees(item, hasher.tag) { return true }
    try output.cut(to: mark)
    return false
  }

  /// Whether reading fails in a way that only happens if the file has changed since it was read.
  func isChanged(_ read: () throws -> Void) throws -> Bool {
    do {
      try read()
      return false
    } catch is SourceEnded {
      return true
    } catch is FileFault {
      return true
    } catch is JSONFault {
      return true
    }
  }

  func agrees(_ item: RejectedItem, _ found: SourceTag) -> Bool {
    // An older upsertd made no tags.
    item.tag.map { $0 == found } ?? true
  }
}

extension [UInt8] {
  mutating func append(contentsOf span: Span<UInt8>) {
    span.withUnsafeBufferPointer { append(contentsOf: $0) }
  }
}
