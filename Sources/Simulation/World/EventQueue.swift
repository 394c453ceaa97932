/// Future events by time; those at the same time in the order in which they were added.
struct EventQueue {
  struct Event {
    var time: Int64
    var number: Int
    var body: (World) async -> Void

    static func precedes(_ a: Event, _ b: Event) -> Bool { (a.time, a.number) < (b.time, b.number) }
  }

  /// A binary heap.
  private var heap: [Event] = []
  private var added = 0

  var isEmpty: Bool { heap.isEmpty }
  var nextTime: Int64? { heap.first?.time }

  mutating func add(at time: Int64, _ body: @escaping (World) async -> Void) {
    added += 1
    heap.append(Event(time: time, number: added, body: body))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard Event.precedes(heap[child], heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func popFirst() -> Event? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
        if Event.precedes(heap[child], heap[least]) { least = child }
      }
      guard least != parent else { break }
      heap.swapAt(least, parent)
      parent = least
    }
    return first
  }
}
