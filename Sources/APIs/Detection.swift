package import Core
import Formats
import JSONText
import Settings

/// How `target: auto` recognizes the items of one API.
package struct Detection: Sendable {
  /// Members that are objects in every item of this API; no other API's items have all of them.
  package var objects: [String]
  /// The prefix of at least one CSV column.
  package var columns: String
  /// An item, for messages: `a Liquid item`.
  package var noun: String
}

extension APIKind {
  /// The API an item is for, judged by its content (`target: auto`); nil if it fits none or several.
  ///
  /// - Parameter item: JSON text of any kind; if a rejects file wrapped an item, the inner item counts.
  package static func classify(_ item: Span<UInt8>) -> APIKind? {
    unwrapping(item, maxNesting: ReaderLimits().maxNesting) { item in
      let object = item.trimmed
      guard !object.isEmpty, JSONText.kind(of: item, at: object.lowerBound) == .object else { return nil }
      let names = Known.names
      var found: UInt64 = 0
      forEachMember(of: item, in: object) { member in
        guard member.kind == .object else { return }
        for place in names.indices where member.isCalled(names[place], in: item) { found |= 1 << place }
      }
      return only { found & $0.objects == $0.objects }
    }
  }

  /// The API a CSV's rows are for, judged by the paths in its header (`target: auto`); nil if they fit none or several.
  package static func classify(headerPaths: [String]) -> APIKind? {
    only { known in headerPaths.contains { $0.hasPrefix(known.columns) } }
  }

  private static func only(_ fits: (Known) -> Bool) -> APIKind? {
    var kind: APIKind?
    for known in Known.all where fits(known) {
      if kind != nil { return nil }
      kind = known.kind
    }
    return kind
  }
}

/// `Detection` in the form used to check each item.
private struct Known {
  var kind: APIKind
  /// One bit for each of `names` that its items have.
  var objects: UInt64
  var columns: String

  /// The members by which any API's items are recognized.
  static let names = Array(Set(APIs.all.flatMap { $0.detection?.objects ?? [] })).sorted()

  static let all = APIs.all.compactMap { api in
    api.detection.map { detection in
      Known(
        kind: api.kind, objects: detection.objects.reduce(0) { $0 | 1 << (names.firstIndex(of: $1) ?? 63) },
        columns: detection.columns)
    }
  }
}

extension APIs {
  private static var detections: [(title: String, detection: Detection)] {
    all.compactMap { api in api.detection.map { (api.title, $0) } }
  }

  /// The error for a header with columns of no API, or of several.
  package static var unknownColumns: String {
    let columns = detections.map { "`\($0.detection.columns)` (\($0.title))" }.joined(separator: " or with ")
    return "target: auto needs a column that starts with \(columns), not \(detections.count > 2 ? "several" : "both")"
  }

  /// The error for an item that fits no API; the latest API comes first.
  package static var unknownItem: String {
    let nouns = detections.reversed().map { _, detection in
      "\(detection.noun) (\(detection.objects.map { "`\($0)`" }.joined(separator: " and ")))"
    }
    return "neither \(nouns.joined(separator: " nor "))"
  }
}
