/// One reader of what comes from outside, to be fed with anything.
///
/// A driver fails by trapping, by hanging, or by throwing: then something that must hold for every input does not.
package struct FuzzDriver: Sendable {
  package var name: String
  /// What it reads, for people.
  package var about: String
  /// Pieces that its readers know, to be put anywhere.
  var words: [String]
  /// Longest input, in bytes.
  var longest = 4096
  /// Makes what reads inputs, with a folder of its own for files.
  package var makeReader: @Sendable (_ folder: String) throws -> any FuzzReader

  package static let all: [FuzzDriver] = [
    .httpDates, .receipts, .names, .files, .csv, .json, .ndjson, .gzip, .inspection, .configuration, .mapping, .outbox,
    .control, .admin, .sideFiles, .dialects,
  ]

  package static func named(_ name: String) -> FuzzDriver? { all.first { $0.name == name } }
}

package protocol FuzzReader {
  /// Reads one input; returns whether it made sense, so that its like is tried more often.
  ///
  /// - Throws: `Broken`.
  mutating func read(_ input: [UInt8]) throws -> Bool
}

/// What must hold for every input does not hold for one.
package struct Broken: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}

/// For drivers that keep nothing between inputs.
struct PlainReader: FuzzReader {
  let body: (_ input: [UInt8]) throws -> Bool

  func read(_ input: [UInt8]) throws -> Bool { try body(input) }
}
