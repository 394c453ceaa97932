import Core

extension ItemFault {
  static func tooLarge(_ limits: ReaderLimits) -> ItemFault {
    ItemFault(
      .tooLarge,
      "the item has more than \(counted(limits.maxItemBytes, "byte")): make it smaller, or raise limits.max_item_bytes")
  }

  static func tooDeep(_ levels: Int, _ limits: ReaderLimits) -> ItemFault {
    ItemFault(
      .tooDeep,
      "the item has \(levels) levels of objects and arrays, more than \(limits.maxNesting): flatten it, or raise"
        + " limits.max_nesting")
  }
}
