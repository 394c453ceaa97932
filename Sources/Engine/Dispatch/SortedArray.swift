/// Elements in order, without duplicates; fast for some thousands of them.
struct SortedArray<Element: Comparable>: Sequence {
  private(set) var elements: [Element] = []

  var first: Element? { elements.first }
  var last: Element? { elements.last }
  var count: Int { elements.count }
  var isEmpty: Bool { elements.isEmpty }

  func makeIterator() -> IndexingIterator<[Element]> { elements.makeIterator() }

  mutating func insert(_ element: Element) {
    if let last = elements.last, last < element { return elements.append(element) }
    let index = index(of: element)
    if index == elements.count || elements[index] != element { elements.insert(element, at: index) }
  }

  mutating func remove(_ element: Element) {
    let index = index(of: element)
    if index < elements.count, elements[index] == element { elements.remove(at: index) }
  }

  mutating func removeAll() { elements = [] }

  /// The index of the first element that is not before this one.
  private func index(of element: Element) -> Int {
    var (low, high) = (0, elements.count)
    while low < high {
      let middle = (low + high) / 2
      if elements[middle] < element { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension SortedArray: Sendable where Element: Sendable {}
