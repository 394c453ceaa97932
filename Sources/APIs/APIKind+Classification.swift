package import Delivery
import ItemFormat
import JSONText

extension APIKind {
  /// The API that an item is for, by what it holds (`target: auto`); nil where it fits none, or both.
  ///
  /// A Liquid item has `headers` and `data` objects, a LUSID request an `identifiers` object.
  /// - Parameter item: JSON text of any kind; what a rejects file wrapped counts as what is inside.
  package static func classify(_ item: Span<UInt8>) -> APIKind? {
    unwrapping(item, maxNesting: ReaderLimits().maxNesting) { item in
      let object = item.trimmed
      guard !object.isEmpty, JSONText.kind(of: item, at: object.lowerBound) == .object else { return nil }
      var hasHeaders = false
      var hasData = false
      var hasIdentifiers = false
      forEachMember(of: item, in: object) { member in
        guard member.kind == .object else { return }
        if member.isCalled("headers", in: item) { hasHeaders = true }
        if member.isCalled("data", in: item) { hasData = true }
        if member.isCalled("identifiers", in: item) { hasIdentifiers = true }
      }
      return choose(liquid: hasHeaders && hasData, lusid: hasIdentifiers)
    }
  }

  /// The API that a CSV's rows are for, by the paths in its header (`target: auto`); nil where they fit none, or both.
  package static func classify(headerPaths: [String]) -> APIKind? {
    choose(
      liquid: headerPaths.contains { $0.hasPrefix("headers.") },
      lusid: headerPaths.contains { $0.hasPrefix("identifiers.") })
  }

  private static func choose(liquid: Bool, lusid: Bool) -> APIKind? {
    liquid == lusid ? nil : liquid ? .liquid : .lusid
  }
}
