import Foundation
import TestKit

/// A driver at work: its corpus first, then what is made of it, the same inputs for the same seed.
package struct FuzzRun {
  private let driver: FuzzDriver
  private let corpus: [[UInt8]]
  private var reader: any FuzzReader
  private var mutator: Mutator
  /// Inputs to make others of: the corpus, and some that made sense.
  private var pool: [[UInt8]]
  package private(set) var count = 0

  private static let largestPool = 512

  /// - Parameter first: the number of the input to begin with, where those of the corpus before it are not to be read again.
  package init(_ driver: FuzzDriver, corpus: [[UInt8]], seed: UInt64, folder: String, first: Int = 0) throws {
    count = min(first, corpus.count)
    self.driver = driver
    self.corpus = corpus
    reader = try driver.makeReader(folder)
    pool = corpus.isEmpty ? [[]] : corpus
    mutator = Mutator(
      random: SplitMix64(seed: seed), words: driver.words.map { Array($0.utf8) }, longest: driver.longest)
  }

  /// Reads the next input.
  ///
  /// - Parameter before: gets it first: reading it may be the last thing that this process does.
  /// - Throws: `Broken`.
  package mutating func step(_ before: ([UInt8]) -> Void = { _ in }) throws {
    let isOfCorpus = count < corpus.count
    let input: [UInt8]
    if isOfCorpus {
      input = corpus[count]
    } else {
      let parent = pool[mutator.random.below(pool.count)]
      input = mutator.mutated(parent, with: pool[mutator.random.below(pool.count)])
    }
    count += 1
    before(input)
    guard try reader.read(input), !isOfCorpus else { return }
    if pool.count < Self.largestPool {
      pool.append(input)
    } else {
      // The corpus stays.
      pool[corpus.count + mutator.random.below(pool.count - corpus.count)] = input
    }
  }

  /// Runs `body` with a folder for files, in memory where that can be: a disk would be most of the time.
  package static func withFolder(_ body: (String) throws -> Void) throws {
    let place = access("/dev/shm", W_OK) == 0 ? "/dev/shm/" : NSTemporaryDirectory()
    let folder = place + "upsertd-fuzz-" + UUID().uuidString.prefix(8)
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  /// The files of a driver's folder, in the order of their names; none where there is no such folder.
  package static func corpus(of driver: FuzzDriver, in folder: String) throws -> [[UInt8]] {
    let path = "\(folder)/\(driver.name)"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return try names.sorted().map { Array(try Data(contentsOf: URL(filePath: "\(path)/\($0)"))) }
  }
}
