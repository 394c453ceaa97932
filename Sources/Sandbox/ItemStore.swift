/// The items of one API by key.
struct ItemStore: Sendable {
  private(set) var items: [String: StoredItem] = [:]

  /// The item after `change`; a new one if the key is new.
  @discardableResult
  mutating func update(_ key: String, _ change: (inout StoredItem) -> Void) -> (number: Int, version: Int) {
    let next = items.count + 1
    return Self.changed(&items[key, default: StoredItem(key: key, number: next)], change)
  }

  private static func changed(
    _ item: inout StoredItem, _ change: (inout StoredItem) -> Void
  ) -> (number: Int, version: Int) {
    change(&item)
    return (item.number, item.version)
  }
}
