internal import APIs
internal import Calendar
internal import Core
internal import Engine
internal import Formats
internal import JSONText
internal import Settings

/// Converts the items of one file into the batches of one target.
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
  private var piece: [UInt8] = []
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

  /// With `target: auto`, every item of a JSON file must be for the same API.
  private mutating func classify(_ item: RawItem, _ json: Span<UInt8>) throws {
    guard let api = APIKind.classify(json), let destination = destinations[api] else {
      throw FileFault(.noRoute, "item \(item.number) is \(APIs.unknownItem)", line: item.line)
    }
    guard let chosen else { return choose(destination) }
    guard chosen.api.kind == api else {
      throw FileFault(
        .noRoute,
        "the file mixes \(chosen.api.kind.rawValue) and \(api.rawValue) items: item \(item.number) is the first \(api.rawValue) item",
        line: item.line)
    }
  }

  // MARK: - Items

  mutating func take(
    _ item: RawItem, _ json: Span<UInt8>, into sink: inout some ReadingSink
  ) throws {
    items += 1
    if atomic != nil { try checkSize() }
    if let fault = item.fault { return try reject(item, fault, key: api?.describe(json), into: &sink) }
    if !isHeaderOrRouteDecisive { try classify(item, json) }
    guard let api else { throw FileFault(.noRoute, "the route has no target") }
    piece.removeAll(keepingCapacity: true)
    let key: KeyHash?
    do throws(ItemFault) {
      key = try api.prepare(json, number: item.number, requestID: item.requestID, into: &piece).hash
        .map(KeyHash.init(stored:))
      if api.idsAllowed { try requestIDs.take(item) }
      try atomic?.take(key, of: item)
    } catch {
      return try reject(item, error, key: api.describe(json), into: &sink)
    }
    let entry = BatchItem(
      number: item.number, line: item.line, source: item.source, pieceLength: piece.count, key: key,
      tag: item.tag)
    let copied = refersToFile ? Self.copiedText(of: item, json, in: piece.span) : nil
    for batch in batcher?.add(entry, piece: piece, copied: copied) ?? [] { try emit(batch, into: &sink) }
  }

  /// The item's text in the piece, if it is sent as it was dropped: at the end, or before one closing brace.
  ///
  /// Static: as a method of this large value it would copy it for each item.
  private static func copiedText(of item: RawItem, _ json: Span<UInt8>, in piece: Span<UInt8>) -> CopiedText? {
    // Without a tag it could not be checked when it is read again.
    guard item.tag != nil, let place = item.textStart else { return nil }
    for start in [piece.count - json.count, piece.count - json.count - 1] where start >= 0 {
      guard piece.extracting(start..<start + json.count).holdsSameBytes(as: json) else { continue }
      return CopiedText(start: start, source: place..<place + json.count)
    }
    return nil
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
