import Foundation
import Fuzzing

/// Runs one driver in this process, and notes each input where it outlives the process.
struct Worker {
  let driver: FuzzDriver
  let seed: UInt64
  /// Holds the number of the input that is being read, 8 bytes in this machine's order, and the input.
  let scratch: String
  /// Of the corpus, the first input to be read.
  let first: Int

  func run(_ corpus: String, _ seconds: Double) throws {
    // A small input must not need much memory.
    var limit = rlimit(rlim_cur: 12 << 30, rlim_max: 12 << 30)
    setrlimit(__rlimit_resource_t(9), &limit)
    let descriptor = open(scratch, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Broken("open \(scratch): \(String(cString: strerror(errno)))") }
    try FuzzRun.withFolder { folder in
      var run = try FuzzRun(
        driver, corpus: try FuzzRun.corpus(of: driver, in: corpus), seed: seed, folder: folder, first: first)
      let end = ContinuousClock.now + .seconds(seconds)
      while ContinuousClock.now < end {
        let number = run.count
        try run.step { input in
          let bytes = withUnsafeBytes(of: UInt64(number), Array.init) + input
          pwrite(descriptor, bytes, bytes.count, 0)
          ftruncate(descriptor, off_t(bytes.count))
        }
      }
      say("\(run.count)")
    }
    // Not by return: a daemon may be at work in this process.
    _exit(0)
  }

}
