internal import APIs
internal import Core
internal import Formats
internal import JSONText

/// Converts the items that a reader found into pieces of requests.
///
/// Everything here needs nothing but the items themselves, so any thread can do it, for several blocks at once. What has
/// an order, or concerns the whole file, is left to `ItemConversion`.
struct ItemConverter: Sendable {
  let decoder: any ItemDecoder
  /// Nil as long as no item has settled which API the file is for.
  let api: (any TargetAPI)?
  /// What each item must be for; nil if the route or the header has settled it.
  let wanted: APIKind?
  /// Whether batches may leave bytes in the file.
  let refersToFile: Bool

  func convert(_ block: ItemBlock) -> ConvertedBlock {
    var converted = ConvertedBlock(source: block)
    converted.items.reserveCapacity(block.items.count)
    decoder.decode(block) { item, json in
      converted.items.append(ConvertedItem(item: item, outcome: outcome(of: item, json, &converted.literals)))
    }
    return converted
  }

  private func outcome(
    of item: RawItem, _ json: Span<UInt8>, _ literals: inout [UInt8]
  ) -> ConvertedItem.Outcome {
    if let fault = item.fault { return .rejected(fault, key: api?.describe(json)) }
    if let wanted {
      let kind = APIKind.classify(json)
      if kind != wanted { return .unwanted(kind) }
    }
    // Without an API no item has settled it, and this one can't either.
    guard let api else { return .unwanted(nil) }
    let start = literals.count
    do throws(ItemFault) {
      let key = try api.prepare(json, number: item.number, requestID: item.requestID, into: &literals)
      let length = literals.count - start
      var copied: CopiedText?
      if refersToFile, let text = Self.copiedText(of: item, json, in: literals.span.extracting(start...)) {
        literals.removeSubrange(start + text.start..<start + text.start + text.source.count)
        copied = text
      }
      return .prepared(
        key: key.hash.map(KeyHash.init(stored:)), length: length, literals: start..<literals.count, copied: copied)
    } catch {
      return .rejected(error, key: api.describe(json))
    }
  }

  /// The item's text in the piece, if it is sent as it was dropped: at the end, or before one closing brace.
  private static func copiedText(of item: RawItem, _ json: Span<UInt8>, in piece: Span<UInt8>) -> CopiedText? {
    // Without a tag it could not be checked when it is read again.
    guard item.tag != nil, let place = item.textStart else { return nil }
    for start in [piece.count - json.count, piece.count - json.count - 1] where start >= 0 {
      guard piece.extracting(start..<start + json.count).holdsSameBytes(as: json) else { continue }
      return CopiedText(start: start, source: place..<place + json.count)
    }
    return nil
  }
}

/// The items of one block, in order.
struct ConvertedBlock: Sendable {
  /// As it was found.
  var source: ItemBlock
  var items: [ConvertedItem] = []
  /// The pieces of all items, without the bytes that are in the file.
  var literals: [UInt8] = []
}

struct ConvertedItem: Sendable {
  enum Outcome: Sendable {
    /// - Parameters:
    ///   - length: of the whole piece, in bytes.
    ///   - literals: in the block.
    case prepared(key: KeyHash?, length: Int, literals: Range<Int>, copied: CopiedText?)
    /// - Parameter key: for people to read.
    case rejected(ItemFault, key: String?)
    /// It is for another API than the file's other items, or for none.
    case unwanted(APIKind?)
  }

  var item: RawItem
  var outcome: Outcome
}
