import Core
import Engine
import Testing
import TestKit

/// The id of the n-th claim.
private func id(_ number: Int) -> FileID { FileID(at: Timestamp(milliseconds: Int64(number)), entropy: 0) }

@Suite struct PublicationOrderTests {
  private var order = PublicationOrder()

  private mutating func claim(_ number: Int, _ targets: Set<String> = ["a"], isOrdered: Bool = true) {
    order.claimed(id(number), targets: targets, isOrdered: isOrdered)
  }

  private mutating func read(_ number: Int, _ target: String? = "a") { order.read(id(number), target: target) }

  private var publishable: [FileID] { order.publishable() }

  @Test mutating func `a file that was read waits until an earlier one was read, and goes behind it`() {
    claim(1)
    claim(2)
    read(2)
    #expect(publishable == [])
    read(1)
    #expect(publishable == [id(1), id(2)])
  }

  @Test mutating func `a file that is published or given back is not waited for`() {
    claim(1)
    claim(2)
    read(2)
    order.left(id(1))
    #expect(publishable == [id(2)])
    order.left(id(2))
    #expect(publishable == [])
  }

  @Test mutating func `a file that may be for two targets holds up both, until it turns out which one is its own`() {
    claim(1, ["a", "b"])
    claim(2, ["a"])
    claim(3, ["b"])
    read(2, "a")
    read(3, "b")
    #expect(publishable == [])
    read(1, "b")
    #expect(publishable == [id(1), id(2), id(3)])
  }

  @Test mutating func `other targets go on however long a file can't be read`() {
    claim(1, ["a"])
    for number in 2..<1_000 {
      claim(number, [number.isMultiple(of: 2) ? "a" : "b"])
      read(number, number.isMultiple(of: 2) ? "a" : "b")
    }
    #expect(publishable == (2..<1_000).filter { !$0.isMultiple(of: 2) }.map(id))
    #expect(order.waiting(for: id(1)) == (2..<1_000).filter { $0.isMultiple(of: 2) }.map(id))
    #expect(order.waitingCount == 499)
  }

  @Test mutating func `a file of no use leaves the order at once, and goes without waiting`() {
    claim(1)
    claim(2)
    claim(3)
    read(3)
    read(2, nil)
    #expect(publishable == [id(2)])
    read(1, nil)
    #expect(publishable == [id(1), id(2), id(3)])
  }

  @Test mutating func `without ordering a file neither waits nor is waited for`() {
    claim(1, isOrdered: false)
    claim(2)
    claim(3, isOrdered: false)
    read(3)
    #expect(publishable == [id(3)])
    read(2)
    #expect(publishable == [id(2), id(3)])
    #expect(order.blockers(of: id(3)) == [])
  }

  @Test mutating func `a file that has to be read again keeps its place, for the target that is known`() {
    claim(1, ["a", "b"])
    claim(2, ["a"])
    claim(3, ["b"])
    read(1, "a")
    read(2, "a")
    read(3, "b")
    order.unread(id(1))
    #expect(publishable == [id(3)])
    read(1, "a")
    #expect(publishable == [id(1), id(2), id(3)])
  }

  @Test mutating func `a file that failed to be published stays at the head`() {
    claim(1)
    claim(2)
    read(1)
    read(2)
    #expect(publishable == [id(1), id(2)])
    #expect(order.publishable(limit: 1) == [id(1)])
    order.left(id(1))
    #expect(publishable == [id(2)])
  }

  @Test mutating func `what an earlier run left in work comes first, whatever order it is found in`() {
    claim(7)
    claim(3)
    claim(5)
    read(7)
    read(5)
    #expect(publishable == [])
    read(3)
    #expect(publishable == [id(3), id(5), id(7)])
  }

  @Test mutating func `people are told who waits for whom`() {
    claim(1)
    claim(2, ["a", "b"])
    claim(3)
    claim(4, ["b"])
    read(3)
    read(4, "b")
    #expect(order.waiting(for: id(1)) == [id(3)])
    #expect(order.waiting(for: id(2)) == [id(3), id(4)])
    #expect(order.blockers(of: id(3)) == [id(1), id(2)])
    #expect(order.blockers(of: id(4)) == [id(2)])
    #expect(order.waitingCount == 2)
    #expect(!order.isPublishable(id(3)))
    #expect(order.blockers(of: id(1)) == [], "it is not read itself")
  }

  /// The rule as CONTRACT words it, over a plain list.
  private struct Model {
    struct File {
      var id: FileID
      var targets: Set<String>
      var isOrdered: Bool
      var isRead = false
    }
    var files: [File] = []

    func blockers(of file: File) -> [FileID] {
      guard file.isRead, file.isOrdered else { return [] }
      return files.filter {
        !$0.isRead && $0.isOrdered && $0.id < file.id && !$0.targets.isDisjoint(with: file.targets)
      }.map(\.id).sorted()
    }

    var publishable: [FileID] { files.filter { $0.isRead && blockers(of: $0).isEmpty }.map(\.id).sorted() }
  }

  @Test(arguments: 0..<50) mutating func `any history gives what the rule says`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var model = Model()
    var unclaimed = Array(1...40)
    for _ in 0..<300 {
      let place = model.files.isEmpty ? nil : Int.random(in: 0..<model.files.count, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0...3:
        // Mostly the next id; now and then one that an earlier run gave out.
        guard !unclaimed.isEmpty else { continue }
        let late = Int.random(in: 0..<5, using: &random) == 0
        let number = unclaimed.remove(at: late ? Int.random(in: 0..<unclaimed.count, using: &random) : 0)
        let targets = Set(["a", "b", "c"].filter { _ in Bool.random(using: &random) })
        let isOrdered = Int.random(in: 0..<4, using: &random) > 0
        claim(number, targets, isOrdered: isOrdered)
        model.files.append(Model.File(id: id(number), targets: targets, isOrdered: isOrdered))
      case 4...6:
        guard let place, !model.files[place].isRead else { continue }
        let target = Bool.random(using: &random) ? model.files[place].targets.sorted().first : nil
        model.files[place].targets = target.map { [$0] } ?? []
        model.files[place].isRead = true
        order.read(model.files[place].id, target: target)
      case 7:
        guard let place, model.files[place].isRead else { continue }
        model.files[place].isRead = false
        order.unread(model.files[place].id)
      default:
        guard let place else { continue }
        order.left(model.files.remove(at: place).id)
      }
      #expect(publishable == model.publishable)
      #expect(order.publishable(limit: 2) == Array(model.publishable.prefix(2)))
      for file in model.files {
        #expect(order.blockers(of: file.id) == model.blockers(of: file))
        #expect(order.isPublishable(file.id) == model.publishable.contains(file.id))
        let waiting = model.files.filter { model.blockers(of: $0).contains(file.id) }
        #expect(order.waiting(for: file.id) == waiting.map(\.id).sorted())
      }
      #expect(order.waitingCount == model.files.filter { !model.blockers(of: $0).isEmpty }.count)
    }
  }
}
