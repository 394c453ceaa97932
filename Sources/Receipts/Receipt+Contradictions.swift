internal import Core

extension Receipt {
  /// Statements in it that can't all be true at once; empty for every receipt that upsertd writes.
  package var contradictions: [String] {
    var found: [String] = []
    // Anyone may have written it: sums must not overflow.
    if counts.items != counts.accepted.addingSaturated(counts.rejected) {
      found.append(
        "\(counted(counts.items, "item is", "items are")) not \(counts.accepted) accepted + \(counts.rejected) rejected"
      )
    }
    if !(0...max(0, counts.accepted)).contains(counts.unchanged) {
      found.append("\(counted(counts.unchanged, "item is", "items are")) unchanged, but \(counts.accepted) accepted")
    }
    let accepted = batches.lazy.map(\.accepted).saturatedSum
    if accepted != counts.accepted {
      found.append("its batches accepted \(counted(accepted, "item")), but its counts say \(counts.accepted)")
    }
    let rejected = batches.lazy.map(\.rejected).saturatedSum
    if rejected > counts.rejected {
      found.append("its batches rejected \(counted(rejected, "item")), but its counts say \(counts.rejected)")
    }
    if batches.contains(where: { $0.items != $0.accepted.addingSaturated($0.rejected) || $0.unanswered > $0.attempts })
    {
      found.append("one of its batches does not add up")
    }
    if batches.contains(where: { batch in
      !batch.ranges.isEmpty && batch.ranges.reduce(0, { $0 &+ $1.count }) != batch.items
    }) {
      found.append("the ranges of one of its batches do not match the number of its items")
    }
    if counts.requests < batches.count {
      found.append(
        "\(counted(batches.count, "batch was", "batches were")) settled in only \(counted(counts.requests, "request"))")
    }
    if rejects.count != min(counts.rejected, Self.firstRejects) {
      found.append("it lists \(rejects.count) of \(counted(counts.rejected, "rejected item"))")
    }
    if zip(rejects, rejects.dropFirst()).contains(where: { $0.item >= $1.item }) {
      found.append("its rejected items are not in the file's order")
    }
    if error != nil, counts.items > 0 || !batches.isEmpty {
      found.append("it has items, although the file could not be used")
    }
    if error == nil, let checksum = completeness?.checksum, checksum.expected != checksum.found {
      found.append("the file was used, although its checksum is not the expected one")
    }
    if error == nil, let count = completeness?.count, count.expected != count.found {
      found.append("the file was used, although it has \(count.found) rows instead of \(count.expected)")
    }
    if listsAccepted, (counts.accepted > 0) != (acceptedFile != nil) {
      found.append(
        "it has \(counted(counts.accepted, "accepted item")), and its results file is \(acceptedFile ?? "none")")
    }
    if counts.rejected > 0, error == nil, rejectsFile == nil { found.append("it does not name a rejects file") }
    return found
  }
}
