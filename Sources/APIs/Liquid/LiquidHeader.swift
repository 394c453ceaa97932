/// Headers that every Liquid item needs, in the order in which they are filled in.
enum LiquidHeader: String, CaseIterable {
  case category
  case type
  case action
}

/// One value for each header.
struct PerHeader<Value: Sendable>: Sendable {
  private var category: Value?
  private var type: Value?
  private var action: Value?

  subscript(header: LiquidHeader) -> Value? {
    get {
      switch header {
      case .category: category
      case .type: type
      case .action: action
      }
    }
    set {
      switch header {
      case .category: category = newValue
      case .type: type = newValue
      case .action: action = newValue
      }
    }
  }
}

extension RejectMarkers {
  /// The headers in which a rejects file reports the reason, as Liquid's own answers do.
  static let receipt = ["receiptType", "receiptMessage"]
}
