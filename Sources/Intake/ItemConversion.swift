internal import APIs
internal import Calendar
internal import Core
internal import Engine
internal import Formats
internal import JSONText
internal import Settings

/// Makes the batches of one target from the converted items of one file.
struct ItemConversion {
  let route: Route
  let destinations: RouteTargets
  private(set) var chosen: RouteTargets.Destination?
  /// The API of `chosen`, kept at hand for each item.
  private var api: (any TargetAPI)?
  /// Whether the API is settled before the first item: by the route, or by a CSV's header.
  private var isHeaderOrRouteDecisive: Bool
  private(set) var items = 0
  private(set) var rejected = 0

  private let limits: ReaderLimits
  private let refersToFile: Bool
  private let ordering: Ordering
  private var batcher: Batcher?
  private var batches = 0
  /// Completes the items; known before the first one.
  private var decoder: (any ItemDecoder)?
  private var requestIDs = RequestIDs()
  /// An Atomic file is one request: if one item fails, all fail, so all are kept until the end.
  private var atomic: AtomicFile?

  /// - Parameter refersToFile: whether batches may leave bytes in the file.
  init(
    route: Route, destinations: RouteTargets, limits: ReaderLimits, ordering: Ordering, refersToFile: Bool
  ) {
    self.route = route
    self.destinations = destinations
    self.limits = limits
    self.ordering = ordering
    // An Atomic file leaves nothing to be looked up: if one item is bad, the others are described too.
    self.refersToFile = refersToFile && route.successMode != .atomic
    isHeaderOrRouteDecisive = destinations.fixed != nil
    if route.successMode == .atomic { atomic = AtomicFile() }
    if let fixed = destinations.fixed { choose(fixed) }
  }

  // MARK: - Which API

  private mutating func choose(_ destination: RouteTargets.Destination) {
    chosen = destination
    api = destination.api
    batcher = Batcher(
      limits: BatchLimits(
        // An Atomic file's batch is measured when it is complete.
        maxItems: atomic == nil ? destination.target.batch.maxItems : .max,
        maxBytes: atomic == nil ? destination.target.batch.maxBytes : .max, framing: destination.api.framing),
      brackets: destination.api.framing.brackets,
      keepsKeysApart: destination.api.keepsKeysApart, setsHotKeysApart: atomic == nil && ordering == .key)
  }

  /// What a CSV's columns become; with `target: auto`, its header decides the API.
  mutating func template(for header: CSVHeader) throws -> RowTemplate {
    let plan = try RowPlan(header, mapping: route.mapping, options: route.csv) { name in
      // A zone that the configuration's check found may be gone; the fault names it.
      do { return try Zone(named: name) } catch { return nil }
    }
    if chosen == nil {
      guard let api = APIKind.classify(headerPaths: plan.paths.map(\.text)), let destination = destinations[api] else {
        throw FileFault(.noRoute, APIs.unknownColumns, line: header.line)
      }
      choose(destination)
      isHeaderOrRouteDecisive = true
    }
    guard let api = chosen?.api else { throw FileFault(.noRoute, "the route has no target") }
    // A misspelled column is reported as misspelled, before it is reported as missing.
    let template = try plan.template(empty: route.empty, limits: limits) { path throws(FileFault) in
      try api.place(steps: path.steps, type: path.type, text: path.text)
    }
    if let lack = api.missingColumn(in: plan.paths) { throw FileFault(.missingColumn, lack, line: header.line) }
    return template
  }

  /// Whether a CSV could have this header.
  func fits(_ header: CSVHeader) -> Bool {
    var trial = self
    do { _ = try trial.template(for: header) } catch { return false }
    return true
  }

  // MARK: - Items

  mutating func begin(_ decoder: any ItemDecoder) { self.decoder = decoder }

  /// What converts a block; blocks must be passed in order.
  ///
  /// - Throws: `FileFault` if the block should settle which API the file is for, and does not.
  mutating func converter(for block: ItemBlock) throws -> ItemConverter? {
    guard let decoder else { return nil }
    if chosen == nil {
      // With `target: auto`, the first sound item of a JSON file settles it, and the others must agree.
      try decoder.decode(block) { item, json in
        guard chosen == nil, item.fault == nil else { return }
        guard let api = APIKind.classify(json), let destination = destinations[api] else {
          throw Self.unknown(item)
        }
        choose(destination)
      }
    }
    return ItemConverter(
      decoder: decoder, api: api, wanted: isHeaderOrRouteDecisive ? nil : chosen?.api.kind, refersToFile: refersToFile)
  }

  private static func unknown(_ item: RawItem) -> FileFault {
    FileFault(.noRoute, "item \(item.number) is \(APIs.unknownItem)", line: item.line)
  }

  mutating func take(_ block: ConvertedBlock, into sink: inout some ReadingSink) throws {
    for index in block.items.indices { try take(index, of: block, into: &sink) }
  }

  private mutating func take(
    _ index: Int, of block: ConvertedBlock, into sink: inout some ReadingSink
  ) throws {
    let item = block.items[index].item
    items += 1
    if atomic != nil { try checkSize() }
    switch block.items[index].outcome {
    case .rejected(let fault, let key): try reject(item, fault, key: key, into: &sink)
    case .unwanted(let kind):
      guard let chosen, let kind, destinations[kind] != nil else { throw Self.unknown(item) }
      throw FileFault(
        .noRoute,
        "the file mixes \(chosen.api.kind.rawValue) and \(kind.rawValue) items: item \(item.number) is the first \(kind.rawValue) item",
        line: item.line)
    case .prepared(let key, let length, let range, let copied):
      do throws(ItemFault) {
        if api?.idsAllowed == true { try requestIDs.take(item) }
        try atomic?.take(key, of: item)
      } catch {
        // What is left in the file is there as JSON.
        let text = copied == nil ? block.literals[range] : block.source.bytes[block.source.text(of: index)]
        return try reject(item, error, key: api?.describe(text.span), into: &sink)
      }
      let entry = BatchItem(
        number: item.number, line: item.line, source: item.source, pieceLength: length, key: key, tag: item.tag)
      let full = batcher?.add(entry, literals: block.literals[range], copied: copied) ?? []
      for batch in full { try emit(batch, into: &sink) }
    }
  }

  private mutating func reject(
    _ item: RawItem, _ fault: ItemFault, key: String?, into sink: inout some ReadingSink
  ) throws {
    rejected += 1
    let reject = Reject(
      item: item.number, line: item.line, source: item.source, key: key, fault: fault, tag: item.tag)
    if atomic == nil { try sink.reject(reject) } else { atomic?.rejects.append(reject) }
  }

  private mutating func emit(_ batch: QueuedBatch, into sink: inout some ReadingSink) throws {
    guard let chosen else { return }
    batches += 1
    try sink.take(batch, ordinal: batches, for: chosen)
  }

  mutating func finish(into sink: inout some ReadingSink) throws {
    if atomic != nil { try checkSize() }
    let rest = batcher?.finish() ?? []
    guard let rejects = atomic?.rejects, !rejects.isEmpty else {
      for batch in rest { try emit(batch, into: &sink) }
      return
    }
    // One item of an Atomic file is bad: the others are not applied either.
    let fault = ItemFault(.notApplied, "another item of the file was rejected, and success_mode is Atomic")
    let spared = rest.flatMap { batch in
      zip(batch.items, batch.whole?.pieces ?? []).map { item, range in
        Reject(item, key: chosen?.api.describe(batch.body.literals.span.extracting(range)), fault: fault)
      }
    }
    rejected = items
    for reject in (rejects + spared).sorted(by: { $0.item < $1.item }) { try sink.reject(reject) }
  }

  private func checkSize() throws {
    guard let target = chosen?.target, let batcher else { return }
    guard items <= target.batch.maxItems, batcher.waitingBytes <= target.batch.maxBytes else {
      throw FileFault(
        .tooLarge,
        """
        success_mode is Atomic, so the file must fit into one request of at most \(counted(target.batch.maxItems, "item")) and \
        \(counted(target.batch.maxBytes, "byte")) (batch.max_items, batch.max_bytes)
        """)
    }
  }
}

/// What is kept of an Atomic file until its end; bounded by what fits into one request.
private struct AtomicFile {
  var rejects: [Reject] = []
  private var keys: [KeyHash: Int] = [:]

  mutating func take(_ key: KeyHash?, of item: RawItem) throws(ItemFault) {
    guard let key else { return }
    if let earlier = keys[key] {
      throw ItemFault(
        .invalidItem, "has the same key as item \(earlier); an Atomic file is one request, which can't contain both")
    }
    keys[key] = item.number
  }
}

/// The request ids that a file has used so far, as hashes of eight bytes each.
private struct RequestIDs {
  private var seen = KeySet()

  mutating func take(_ item: RawItem) throws(ItemFault) {
    guard let id = item.requestID else {
      // Only a file that also has ids of its own can repeat a generated one.
      if seen.isEmpty { return }
      try insert(Array("item-\(item.number)".utf8))
      return
    }
    if seen.isEmpty, item.number > 1 {
      // The items before this one have generated ids.
      for number in 1..<item.number { _ = seen.insert(hash(Array("item-\(number)".utf8))) }
    }
    try insert(id)
  }

  private mutating func insert(_ id: [UInt8]) throws(ItemFault) {
    guard seen.insert(hash(id)) else {
      throw ItemFault(
        .duplicateRequestID, "request id \"\(String(decoding: id, as: UTF8.self))\" is already used by an earlier item")
    }
  }

  private func hash(_ id: [UInt8]) -> KeyHash {
    var hash = KeyHash()
    if id.contains(UInt8(ascii: "\\")) {
      // `a` and `\u0061` are the same id.
      hash.combine(stringContent(id.span, 0..<id.count).utf8)
    } else {
      hash.combine(id)
    }
    return hash
  }
}
