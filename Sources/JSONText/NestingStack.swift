/// Which levels of a JSON text are objects and which are arrays, one bit per level.
struct NestingStack: Equatable, Sendable {
  private(set) var depth = 0
  private(set) var deepest = 0
  /// The innermost levels, up to 64, the innermost in the lowest bit; a set bit is an object.
  private var top: UInt64 = 0
  /// Full words of the levels further out.
  private var outer: [UInt64] = []

  /// Whether the innermost level is an object; false at depth 0.
  @inline(__always)
  var isInObject: Bool { top & 1 != 0 }

  @inline(__always)
  mutating func push(object: Bool) {
    if depth & 63 == 0, depth != 0 { spill() }
    top = top << 1 | (object ? 1 : 0)
    depth += 1
    if depth > deepest { deepest = depth }
  }

  @inline(__always)
  mutating func pop() {
    top >>= 1
    depth -= 1
    if depth & 63 == 0, depth != 0 { unspill() }
  }

  @inline(never)
  private mutating func spill() {
    outer.append(top)
    top = 0
  }

  @inline(never)
  private mutating func unspill() { top = outer.popLast() ?? 0 }
}
