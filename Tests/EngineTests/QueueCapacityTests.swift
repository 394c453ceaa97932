import Engine
import Testing

@Suite struct RoomTests {
  private func room(
    queued: Int = 0, free: UInt64 = 1_000_000, size: UInt64 = 2_000_000, promised: SpaceEstimate = .none
  )
    -> QueueCapacity
  {
    QueueCapacity(
      limits: QueueCapacity.Limits(maxQueueBytes: 10_000, minFreeDisk: 1000), queuedBytes: queued,
      state: QueueCapacity.Disk(free: free, size: size), spool: QueueCapacity.Disk(free: 1_000_000, size: 2_000_000),
      promised: promised)
  }

  private func csv(_ size: Int) -> SpaceEstimate { SpaceEstimate(size: size, unpacked: nil, staysInFile: false) }

  @Test func `a CSV and a gzip need their content's size on the disk, JSON an index`() {
    #expect(csv(800) == SpaceEstimate(queueBytes: 800, diskBytes: 800))
    #expect(
      SpaceEstimate(size: 800, unpacked: nil, staysInFile: true) == SpaceEstimate(queueBytes: 800, diskBytes: 100))
    #expect(
      SpaceEstimate(size: 800, unpacked: 4000, staysInFile: true) == SpaceEstimate(queueBytes: 4000, diskBytes: 4000))
    #expect(SpaceEstimate(size: 800, unpacked: 3, staysInFile: false) == SpaceEstimate(queueBytes: 800, diskBytes: 800))
  }

  @Test func `files are taken until the queue is full`() {
    var room = room(queued: 9000)
    #expect(room.take(csv(600)) == nil)
    #expect(room.take(csv(600))?.kind == .queueFull)
    #expect(room.take(csv(400)) == nil)
    #expect(room.obstacle?.kind == .queueFull)
  }

  @Test func `a file larger than the free disk waits, though little of the disk has to stay free`() {
    var room = room(free: 6000)
    let obstacle = room.take(csv(5001))
    #expect(obstacle?.kind == .diskFull)
    #expect(obstacle?.description.contains("needs about 5001") == true)
    #expect(room.take(csv(5000)) == nil)
    #expect(room.take(csv(1))?.description.contains("files being read need 5000") == true)
  }

  @Test func `what files under way will still take counts`() {
    var room = room(free: 6000, promised: csv(4500))
    #expect(room.take(csv(501))?.kind == .diskFull)
    #expect(room.take(csv(500)) == nil)
  }

  @Test func `a file of no use takes no room`() {
    var room = room(queued: .max, free: 0)
    #expect(room.obstacle != nil)
    #expect(room.take(.none) == nil)
  }

  @Test func `a file that fits at no time is told from one that does not fit now`() {
    #expect(room().reasonWhyNever(csv(10_000), size: 10_000) == nil)
    #expect(room().reasonWhyNever(csv(10_001), size: 10_001)?.contains("queue.max_bytes") == true)
    #expect(
      room(size: 5000).reasonWhyNever(csv(5000), size: 5000) == nil, "a setting that is not met is not the file's")
    #expect(room(size: 5000).reasonWhyNever(csv(5001), size: 5001)?.contains("filesystem") == true)
    let claims = SpaceEstimate(size: 10, unpacked: .max, staysInFile: false)
    #expect(room().reasonWhyNever(claims, size: 10) == nil, "a gzip may say what it likes of its content")
  }

  @Test func `sizes near the end of what integers hold do not trap`() {
    for size in [Int.max, Int.max - 1, Int.max / 2] {
      var room = room(queued: .max, promised: csv(.max))
      #expect(room.take(csv(size)) != nil)
      #expect(room.reasonWhyNever(csv(size), size: size) != nil)
    }
    var endless = QueueCapacity(
      limits: QueueCapacity.Limits(maxQueueBytes: .max, minFreeDisk: .max), queuedBytes: .max,
      state: QueueCapacity.Disk(free: .max, size: .max), spool: QueueCapacity.Disk(free: .max, size: .max))
    #expect(endless.take(csv(.max)) == nil)
    _ = endless.take(csv(.max))
    _ = endless.reasonWhyNever(csv(.max), size: .max)
  }
}
