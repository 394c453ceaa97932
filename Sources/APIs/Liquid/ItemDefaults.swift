package import Settings

/// A route's `item` settings for Liquid: default headers and the primary key's fields.
package struct ItemDefaults: Hashable, Sendable, Codable {
  package var category: String?
  package var type: String?
  package var action: String?
  /// Names of fields in `data`; empty if the configuration has no `key`.
  package var key: [String]

  package init(category: String? = nil, type: String? = nil, action: String? = nil, key: [String] = []) {
    self.category = category
    self.type = type
    self.action = action
    self.key = key
  }
}

extension Route {
  /// Nil if no Liquid target can be reached, or the configuration has no `item`.
  package var item: ItemDefaults? {
    get { own[ItemDefaults.self] }
    set { own[ItemDefaults.self] = newValue }
  }
}
