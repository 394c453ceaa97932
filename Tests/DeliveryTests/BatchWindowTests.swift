import Delivery
import Testing

@Suite struct BatchWindowTests {
  private let now = Timestamp(milliseconds: 1_000_000)

  private func entry(_ id: Int64, _ keys: [UInt64], due: Int64 = 0) -> BatchWindow.Entry {
    BatchWindow.Entry(id: id, keys: keys.map(KeyHash.init(stored:)), due: Timestamp(milliseconds: due))
  }

  /// Every batch that may be sent now, in the order in which the window gives them out.
  private func begun(_ window: inout BatchWindow) -> [Int64] {
    var ids: [Int64] = []
    while let id = window.sendable(at: now) {
      window.begin(id)
      ids.append(id)
    }
    return ids
  }

  @Test func `batches without a shared key go out together`() {
    var window = BatchWindow()
    window.append(entry(1, [10]))
    window.append(entry(2, [20]))
    #expect(begun(&window) == [1, 2])
  }

  @Test func `a batch waits for every earlier one that holds one of its keys`() {
    var window = BatchWindow()
    window.append(entry(1, [10, 11]))
    window.append(entry(2, [11, 20]))
    window.append(entry(3, [20]))
    window.append(entry(4, [40]))
    #expect(begun(&window) == [1, 4])
    window.settle(1)
    #expect(begun(&window) == [2])
    window.settle(2)
    #expect(begun(&window) == [3])
  }

  @Test func `a batch that is delayed holds back its keys and nothing else`() {
    var window = BatchWindow()
    window.append(entry(1, [10]))
    window.append(entry(2, [10]))
    window.append(entry(3, [30]))
    window.begin(1)
    window.putBack(1, due: now + .seconds(60))
    #expect(begun(&window) == [3])
    #expect(window.nextDue == now + .seconds(60))
  }

  @Test func `what may travel together holds no key of what stays behind`() {
    var window = BatchWindow()
    window.append(entry(1, [10]))
    window.append(entry(2, [10, 20]))
    window.append(entry(3, [20]))
    window.append(entry(4, [40], due: now.milliseconds + 1))
    window.append(entry(5, [40]))
    window.append(entry(6, []))
    #expect(window.sendable(at: now, mayShareKeys: false) { _ in true } == [1, 6])
    #expect(window.sendable(at: now, mayShareKeys: true) { _ in true } == [1, 2, 3, 6])
    #expect(window.sendable(at: now, mayShareKeys: true) { $0 != 2 } == [1, 6])
    #expect(window.nextDue(after: now) == now + .milliseconds(1))
    for id: Int64 in [1, 2, 3] { window.begin(id) }
    #expect(window.sendable(at: now, mayShareKeys: true) { _ in true } == [6])
  }

  @Test func `what follows a batch that leaves early waits for those before it`() {
    var window = BatchWindow()
    window.append(entry(1, [10]))
    window.append(entry(2, [10, 20]))
    window.append(entry(3, [10, 20]))
    window.settle(2)
    window.append(entry(4, [10]))
    window.append(entry(5, [20]))
    #expect(begun(&window) == [1])
    window.replace(3, by: [entry(6, [10]), entry(7, [20])])
    #expect(begun(&window) == [7])
    window.settle(7)
    #expect(begun(&window) == [5])
    window.settle(1)
    #expect(begun(&window) == [6])
    window.settle(6)
    #expect(begun(&window) == [4])
  }

  @Test func `halves keep the place of the whole`() {
    var window = BatchWindow()
    window.append(entry(1, [10, 11]))
    window.append(entry(2, [10]))
    window.append(entry(3, [11]))
    window.begin(1)
    window.replace(1, by: [entry(4, [10]), entry(5, [11])])
    #expect(begun(&window) == [4, 5])
    window.settle(5)
    #expect(begun(&window) == [3])
    window.settle(4)
    #expect(begun(&window) == [2])
  }

  @Test func `halves that share a key go one after the other`() {
    var window = BatchWindow()
    window.append(entry(1, [10]))
    window.append(entry(2, [10]))
    window.begin(1)
    window.replace(1, by: [entry(3, [10]), entry(4, [10])])
    #expect(begun(&window) == [3])
    window.settle(3)
    #expect(begun(&window) == [4])
    window.settle(4)
    #expect(begun(&window) == [2])
    window.settle(2)
    #expect(window.isEmpty)
  }

  @Test func `a batch added behind halves waits for the last one with its key`() {
    var window = BatchWindow()
    window.append(entry(1, [10, 11]))
    window.begin(1)
    window.replace(1, by: [entry(2, [10]), entry(3, [11])])
    window.append(entry(4, [10]))
    #expect(begun(&window) == [2, 3])
    window.settle(3)
    #expect(begun(&window) == [])
    window.settle(2)
    #expect(begun(&window) == [4])
  }

  @Test func `random histories never let two batches with a shared key go out at once or out of order`() {
    for seed in 1...200 as ClosedRange<UInt64> {
      var random = SplitMix(state: seed)
      var window = BatchWindow()
      var order: [Int64: Int] = [:]
      var keys: [Int64: Set<UInt64>] = [:]
      var underWay: Set<Int64> = []
      var sent: [Int64] = []
      var next: Int64 = 1
      func add() {
        let chosen = Set((0..<3).map { _ in UInt64.random(in: 1...6, using: &random) })
        order[next] = order.count
        keys[next] = chosen
        window.append(entry(next, Array(chosen)))
        next += 1
      }
      for _ in 0..<60 {
        if Bool.random(using: &random) { add() }
        if let id = window.sendable(at: now), Bool.random(using: &random) {
          for other in underWay { #expect(keys[other]?.isDisjoint(with: keys[id] ?? []) == true) }
          for earlier in order.keys where earlier < id && !sent.contains(earlier) {
            #expect(keys[earlier]?.isDisjoint(with: keys[id] ?? []) == true, "seed \(seed)")
          }
          window.begin(id)
          underWay.insert(id)
        }
        if let id = underWay.randomElement(using: &random), Bool.random(using: &random) {
          underWay.remove(id)
          sent.append(id)
          window.settle(id)
        }
      }
    }
  }
}

/// A small generator whose seed repeats a failure (<https://prng.di.unimi.it/splitmix64.c>).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
