import APIs
import Core
import Foundation
import Glibc
import Testing

@testable import Inspection

@Suite struct SampleTests {
  private func withFile<R>(named name: String, _ content: Data, _ body: (String) throws -> R) throws -> R {
    let folder = FileManager.default.temporaryDirectory.appending(path: "inspect-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: name).path
    try content.write(to: URL(filePath: path))
    return try body(path)
  }

  private static func rows(_ count: Int) -> String {
    "ID|NAME|UNITS\n" + (1...count).map { "\($0)|Name of \($0)|\($0).50\n" }.joined() + "TRL|\(count)|1.00\n"
  }

  @Test func `of a large file only start and end are read`() throws {
    let text = Self.rows(100_000)
    try withFile(named: "big.csv", Data(text.utf8)) { path in
      let sample = try FileSample.read(path: path)
      #expect(sample.name == "big.csv")
      #expect(sample.size == text.utf8.count)
      #expect(!sample.isWhole)
      #expect(sample.head == Array(text.utf8.prefix(FileSample.headBytes)))
      #expect(sample.tail == Array(text.utf8.suffix(FileSample.tailBytes)))
    }
  }

  @Test func `the trailer of a large file is found, and its count is a guess`() {
    let inspection = inspection(Self.rows(100_000))
    #expect(
      inspection.options
        == options {
          $0.delimiter = .character("|")
          $0.trailer = Trailer(match: Glob("TRL"), count: 2)
        })
    #expect(inspection.isUnsure("the file is too large to be read whole here; cell 2 is probably the number of rows"))
    #expect(inspection.isUnsure("only its first MiB and last 64 KiB were looked at"))
    #expect(inspection.report().contains { $0.contains("the last row: trailer") })
  }

  @Test func `a file just above the limits of both is whole`() {
    let text = Self.rows(40_000)
    #expect(text.utf8.count > FileSample.headBytes / 2)
    let sample = FileSample(
      name: "a.csv", content: Array(text.utf8.prefix(FileSample.headBytes + FileSample.tailBytes)))
    #expect(sample.isWhole)
    #expect(sample.tail == [])
  }

  @Test func `gzip is decompressed to its end`() throws {
    for count in [3, 100_000] {
      let text = Self.rows(count)
      let packed = try gzipped(Data(text.utf8))
      try withFile(named: "a.csv.gz", packed) { path in
        let sample = try FileSample.read(path: path)
        #expect(sample.isGzipped)
        #expect(sample.size == text.utf8.count)
        #expect(sample.isWhole == (count == 3))
        #expect(sample.head.starts(with: text.utf8.prefix(1000)))
        #expect((sample.tail.isEmpty ? sample.head : sample.tail).suffix(10).elementsEqual(text.utf8.suffix(10)))
      }
    }
  }

  @Test func `a damaged gzip is inspected as far as it goes`() throws {
    let packed = try gzipped(Data(Self.rows(1000).utf8))
    try withFile(named: "a.csv.gz", packed.prefix(packed.count / 2)) { path in
      let sample = try FileSample.read(path: path)
      #expect(sample.fault?.contains("gzip is damaged") == true)
      #expect(Inspection(sample).isUnsure("whether the file is complete"))
    }
  }

  @Test func `what can't be read is an error, and a pipe is not waited for`() throws {
    let pipe = FileManager.default.temporaryDirectory.appending(path: "pipe-\(UUID()).csv").path
    defer { try? FileManager.default.removeItem(atPath: pipe) }
    #expect(mkfifo(pipe, 0o600) == 0)
    for (path, word) in [
      ("/nonexistent/a.csv", "No such file"), ("/tmp", "not a regular file"), ("/dev/zero", "not a regular file"),
      (pipe, "not a regular file"),
    ] {
      let error = #expect(throws: (any Error).self) { try FileSample.read(path: path) }
      #expect(error.map { "\($0)".contains(word) } == true, "\(String(describing: error))")
    }
  }

  @Test func `of a gzip that grows without end only the start is decompressed`() throws {
    let packed = try gzipped(Data(repeating: 0x2C, count: 32 << 20))
    try withFile(named: "bomb.csv.gz", packed) { path in
      let sample = try FileSample.read(path: path)
      #expect(sample.fault?.contains("200") == true, "\(sample.fault ?? "no fault")")
      #expect(sample.head.count <= FileSample.headBytes + FileSample.tailBytes)
      #expect(Inspection(sample).isUnsure("whether the file is complete"))
    }
  }

  private func gzipped(_ data: Data) throws -> Data {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-c"]
    let (input, output) = (FileManager.default.temporaryDirectory.appending(path: "plain-\(UUID())"), Pipe())
    try data.write(to: input)
    defer { try? FileManager.default.removeItem(at: input) }
    process.standardInput = try FileHandle(forReadingFrom: input)
    process.standardOutput = output
    try process.run()
    let packed = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return packed
  }

  @Test func `the name of inbox and mapping is made from the file's`() {
    for (name, stem) in [
      ("nav-20260131.csv", "nav"), ("TA_HOLD.CSV.gz", "ta-hold"), ("20260131.csv", "file"), (".csv", "csv"),
      ("Kunden (2).csv", "kunden"), ("ü.csv", "file"), ("../../x.csv", "x"),
    ] {
      #expect(inspection(named: name, "id,name\n1,Ada\n").stem == stem)
    }
  }
}
