import Core
import Receipts
import Spool

extension FuzzDriver {
  static let httpDates = FuzzDriver(
    name: "http-dates", about: "Retry-After headers, and times as people write them",
    words: [
      "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", " GMT", "120",
      "2026-11-21T20:41:07.123Z", "+01:00", ":", ",", "-",
    ], longest: 256
  ) { _ in
    PlainReader { input in
      let text = String(decoding: input, as: UTF8.self)
      var isSensible = false
      for now in [Int64.min, 0, 1_795_000_000_000, .max].map(Timestamp.init(milliseconds:)) {
        guard let wait = RetryAfter.wait(text, now: now) else { continue }
        isSensible = true
        guard (.zero ... .seconds(86_400)).contains(wait) else { throw Broken("\(text): a wait of \(wait)") }
      }
      guard let time = Timestamp(written: text) else { return isSensible }
      guard Timestamp(written: time.description) == time || !(0...9999).contains(time.year) else {
        throw Broken("\(text) became \(time)")
      }
      return true
    }
  }

  static let receipts = FuzzDriver(
    name: "receipts", about: "receipts that somebody wrote, or changed",
    words: [
      "\"items\": ", "\"accepted\": ", "\"batches\": [", "\"rejects\": {", "\"first\": [", "null", "{", "}", "[", "]",
      "\"version\": 1", "\"status\": \"accepted\"", "\"error\": {\"code\": \"malformed-json\", \"message\": \"\"}",
      "\\u202e", "\"ranges\": [[1, 500]]", "\"completeness\": {\"count\": {\"expected\": 007, \"found\": \"7\"}},",
      "\"completeness\": {\"sums\": {\"A\": {\"expected\": \"1.50\", \"found\": 1.5}}},",
    ], longest: 16 << 10
  ) { _ in
    PlainReader { input in
      guard let receipt = try? Receipt(json: input, apis: ["lusid", "liquid"]) else { return false }
      _ = receipt.contradictions
      _ = receipt.file.completedAt - receipt.file.receivedAt
      let text = receipt.json()
      guard let again = try? Receipt(json: text, apis: ["lusid", "liquid"]), again == receipt else {
        throw Broken("written again it is another receipt: \(String(decoding: text, as: UTF8.self))")
      }
      guard String(decoding: text, as: UTF8.self).unicodeScalars.allSatisfy({ !$0.properties.isBidiControl }) else {
        throw Broken("a direction-changing character is written as it is")
      }
      return true
    }
  }

  static let names = FuzzDriver(
    name: "names", about: "names of dropped files, and of results",
    words: [
      ".csv", ".gz", ".receipt.json", ".rejected", ".01ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAV.", ".",
      "..", "~$", "#", ".name", ".part", ".upsertd-", "é",
    ], longest: 300
  ) { _ in
    PlainReader { input in
      // Others are never claimed.
      guard let name = FileName(bytes: input), name.bytes.first != UInt8(ascii: ".") else { return false }
      let id = FileID(at: Timestamp(milliseconds: 1_795_000_000_000), entropy: 1)
      let names = ResultNames(dropped: name, id: id)
      for result in [
        names.receipt, names.work, names.archive, names.unusable, names.unsent(format: "json"),
        names.rejected(format: "csv"),
      ] {
        guard FileName(bytes: result.bytes) == result else { throw Broken("\(result.display) is no name") }
      }
      guard ResultNames.id(inReceipt: names.receipt) == id, ResultNames.id(inResult: names.archive) == id,
        ResultNames.correctedFileID(of: names.rejected(format: "csv")) == id
      else { throw Broken("the id is not found again in \(names.receipt.display)") }
      _ = (ResultNames.id(inReceipt: name), ResultNames.id(inResult: name), ResultNames.correctedFileID(of: name))
      _ = ResultNames.dropped(inReceipt: names.receipt)
      _ = name.display.onOneLine
      return true
    }
  }

  static let sideFiles = FuzzDriver(
    name: "side-files", about: "side files with a digest",
    words: [
      "\u{FEFF}", "\r\n", "\n", "  clients.csv", " *", "\\", "\u{0}", "ba7816bf8f01cfea414140de5dae2223",
      "900150983cd24fb0d6963f7d28e17f72", "SHA256 (a) = ",
    ], longest: 5 << 10
  ) { _ in
    PlainReader { input in
      var isSensible = false
      for kind in ChecksumKind.allCases {
        let side = SideFile(kind: kind, name: "a", content: input)
        guard (side.digest == nil) == (side.fault != nil) else { throw Broken("a digest and a fault, or neither") }
        guard side.fault.map({ $0.message == $0.message.onOneLine }) ?? true else { throw Broken("not on one line") }
        guard let digest = side.digest else { continue }
        isSensible = true
        let isHexadecimal = digest.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
        guard digest.utf8.count == (kind == .md5 ? 32 : 64), isHexadecimal else {
          throw Broken("\(digest) is no digest")
        }
      }
      return isSensible
    }
  }

  static let outbox = FuzzDriver(
    name: "outbox", about: "packed numbers of a damaged outbox", words: ["\u{FFFD}", "\u{7F}", "\u{0}"], longest: 512
  ) { _ in
    PlainReader { input in
      let items = BatchItem.unpack(input)
      let cut = input.count / 2
      let batch = QueuedBatch(
        items: items ?? [], literals: Array(input[..<cut]), packedRuns: Array(input[cut...]), tags: nil,
        storedChecksum: UInt64(input.count))
      guard let batch else { return items != nil }
      // Runs of any size: the file that they are looked up in is short.
      _ = batch.load(checkingWith: nil) { range, bytes in
        bytes += input[min(range.lowerBound, input.count)..<min(range.upperBound, input.count)]
      }
      return true
    }
  }
}

extension Timestamp {
  fileprivate var year: Int64 {
    let days = milliseconds / 86_400_000
    return CivilDate(daysSince1970: milliseconds % 86_400_000 < 0 ? days - 1 : days).year
  }
}
