internal import Core
internal import Foundation
internal import Sandbox

extension SampleFile {
  /// Throws if a receipt says anything other than what the file was made for.
  func check(_ receipt: ReceiptFile) throws {
    let accepted = items - faults.count
    guard receipt.items == items, receipt.accepted == accepted, receipt.rejected == faults.count else {
      throw DemoFailure(
        """
        the receipt of \(name) counts \(receipt.items) items, \(receipt.accepted) accepted and \(receipt.rejected) \
        rejected; expected \(items), \(accepted) and \(faults.count): \(receipt.path)
        """)
    }
    let expected = faults.map { "item \($0.item): \($0.code.rawValue)" }
    let found = receipt.rejects.map { "item \($0.item): \($0.code)" }
    guard found == expected else {
      throw DemoFailure(
        """
        the receipt of \(name) rejects \(found.joined(separator: ", ")); expected \
        \(expected.joined(separator: ", ")): \(receipt.path)
        """)
    }
  }

  /// The text of a rejects file with all its rows corrected.
  func corrected(_ rejects: String) throws -> String {
    var lines = rejects.components(separatedBy: "\n")
    for (index, fault) in faults.enumerated() {
      // Row by row after the header; from the end, since the reason at the front may quote the error.
      guard let (bad, good) = fault.correction, lines.indices.contains(index + 1),
        let range = lines[index + 1].range(of: bad, options: .backwards)
      else { throw DemoFailure("the rejects file of \(name) has no row for item \(fault.item)") }
      lines[index + 1].replaceSubrange(range, with: good)
    }
    return lines.joined(separator: "\n")
  }
}
