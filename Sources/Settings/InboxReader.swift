internal import Core

/// Reads one of `inboxes`.
struct InboxReader {
  var entry: ConfigNode
  var targets: TargetNames
  var mappings: MappingFiles

  func read() -> Inbox? { entry.section(read) }

  private func read(_ section: ConfigSection) -> Inbox? {
    var inbox = Inbox(name: "")
    if section.has("name") {
      section.read("name", into: &inbox.name, readName)
    } else {
      section.reportMissing("name", "give the folder's name")
    }
    section.read("ignore", into: &inbox.ignore) { entry in entry.oneOrMore { $0.glob() } }
    section.read("marker", into: &inbox.marker, readMarker)
    section.read("ordering", into: &inbox.ordering) { $0.word() }
    section.read("duplicates") { $0.word(Duplicates.self) }.map { inbox.rejectsDuplicates = $0 == .reject }
    section.read("release") { $0.word(Release.self) }.map { inbox.waitsForRelease = $0 == .manual }
    section.read("retention", into: &inbox.retention) { $0.section(readRetention) }
    section.read("results") { $0.word(Results.self) }.map { inbox.listsAccepted = $0 == .all }
    section.read("expect", into: &inbox.expect, ExpectReader.read)
    inbox.routes = readRoutes(section)
    return inbox.routes.isEmpty || inbox.name.isEmpty ? nil : inbox
  }

  private func readRetention(_ section: ConfigSection) -> Inbox.Retention {
    var retention = Inbox.Retention()
    section.read("archive", into: &retention.archive) { $0.duration(.zero) }
    section.read("rejected", into: &retention.rejected) { $0.duration(.zero) }
    section.read("receipts", into: &retention.receipts) { $0.duration(.zero) }
    section.read("accepted", into: &retention.accepted) { $0.duration(.zero) }
    return retention
  }

  private enum Duplicates: String, CaseIterable {
    case send
    case reject
  }

  private enum Release: String, CaseIterable {
    case automatic
    case manual
  }

  private enum Results: String, CaseIterable {
    case rejected
    case all
  }

  private func readName(_ entry: ConfigNode) -> String? {
    guard let name = entry.scalarText()?.text else { return nil }
    if let reason = entry.isNull ? "is empty" : nameFault(name) {
      entry.report("\(reason): give a plain folder name")
      return nil
    }
    return name
  }

  private func readMarker(_ entry: ConfigNode) -> String? {
    guard let marker = entry.text("a suffix such as .done") else { return nil }
    guard !marker.contains("/") else {
      entry.report("contains a \"/\": a marker is a suffix of a file name, such as .done")
      return nil
    }
    return marker
  }

  private func readRoutes(_ section: ConfigSection) -> [Route] {
    let reader = RouteReader(targets: targets, mappings: mappings)
    guard let entry = section.value("routes") else {
      if !section.has("target") {
        // The other keys are still read, to report their own faults.
        section.reportMissing("target", "name the target, write auto, or give routes")
      }
      return reader.read(section).map { [$0] } ?? []
    }
    for key in RouteReader.keys(entry.reading.apis) {
      section.value(key)?.report("can't be combined with routes: move it into each route, or leave out routes")
    }
    let routes = entry.list { $0.section(reader.readWhole) }
    if entry.elements?.isEmpty == true { entry.report("must name at least one route") }
    checkReach(entry)
    return routes ?? []
  }

  /// A route after one that matches every file is never used.
  private func checkReach(_ entry: ConfigNode) {
    let routes = entry.elements ?? []
    let catchAll = routes.firstIndex { route in
      route.isMapping && route.member("match").map { $0.scalarText()?.text == "*" } ?? true
    }
    guard let catchAll, catchAll + 1 < routes.count else { return }
    routes[catchAll + 1].report(
      "is never used: \(routes[catchAll].key) matches every file, and the first match wins; put this route before it")
  }
}
