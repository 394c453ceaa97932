import Core

/// LUSID's upsert of investor records.
enum InvestorRecords {
  static func answer(_ call: Request, requestID: String, memory: APIState.Shared) -> Response {
    func problem(_ errors: [(field: String, messages: [String])]) -> Response {
      LusidProblem.invalid(errors).reply(to: call, requestID: requestID)
    }
    guard let isAtomic = FormFields(call.query.utf8)["successMode"].flatMap(isAtomic) else {
      return problem([("successMode", ["The field successMode must be Partial or Atomic."])])
    }
    let batch: InvestorRecordBatch
    switch InvestorRecordBatch.read(call.body) {
    case .success(let read): batch = read
    case .failure(let fault): return problem([("", [fault.message])])
    }
    let misfits = batch.errors(\.misfits)
    guard misfits.isEmpty else { return problem(misfits) }
    if isAtomic {
      let flaws = batch.errors(\.flaws)
      guard flaws.isEmpty else {
        memory.withLock { $0.refuse(batch.requests.map(\.key)) }
        return problem(flaws)
      }
    }
    let outcomes = memory.withLock { memory in
      memory.noteKeys(batch.requests.compactMap(\.key))
      return batch.requests.map { settle($0, in: &memory) }
    }
    let answer = InvestorRecordAnswer(call: call, requestID: requestID, time: Timestamp.now.description)
    return answer.reply(zip(batch.requests, outcomes).map { ($0, $1) })
  }

  private static func settle(
    _ request: InvestorRecordBatch.Request, in memory: inout APIState
  ) -> InvestorRecordAnswer.Outcome {
    guard request.check.flaws.isEmpty, let key = request.key else {
      memory.refuse([request.key])
      return .refused
    }
    switch request.check.staged {
    case .unchanged:
      memory.stats.unchanged += 1
      memory.see(key)
      return .unchanged
    case .ignore:
      memory.stats.ignored += 1
      memory.see(key)
      return .ignored
    case .reject, .malformed, nil:
      let (number, version) = memory.store(request.raw, at: key)
      return .stored(number: number, version: version)
    }
  }

  private static func isAtomic(_ mode: String) -> Bool? {
    switch mode.lowercased() {
    case "partial": false
    case "atomic": true
    default: nil
    }
  }
}

/// One body of `POST …/investorrecords/$batchUpsert`, read and checked.
struct InvestorRecordBatch {
  let requests: [Request]

  struct Request {
    var id: JSONPart
    var check: InvestorRecordCheck
    var key: String?
    var raw: ArraySlice<UInt8>
  }

  /// Fails with the problem for a body that can't be processed at all.
  static func read(_ body: [UInt8]) -> Result<InvestorRecordBatch, Unreadable> {
    let document: JSONDocument
    do throws(JSONFault) {
      document = try JSONScanner.document(of: body)
    } catch {
      return .failure(Unreadable(message: "The body is not valid JSON: \(error)."))
    }
    guard document.root.kind == .object else {
      return .failure(Unreadable(message: "The body must be an object that maps request ids to requests."))
    }
    var requests: [Request] = []
    var ids = Set<String>()
    for (id, request) in document.root.members {
      guard ids.insert(id.text).inserted else {
        return .failure(Unreadable(message: "An item with the same id has already been added: \(id.text)"))
      }
      let check = InvestorRecordCheck(request)
      requests.append(Request(id: id, check: check, key: check.key, raw: request.raw))
    }
    return .success(InvestorRecordBatch(requests: requests))
  }

  struct Unreadable: Error { var message: String }

  /// The content of a problem's `errors`, by `[<request id>].<path>`.
  func errors(_ flaws: (InvestorRecordCheck) -> [ValidationError]) -> [(field: String, messages: [String])] {
    var errors: [(field: String, messages: [String])] = []
    var places: [String: Int] = [:]
    for request in requests {
      for flaw in flaws(request.check) {
        let field = "[\(request.id.text)]" + (flaw.path.isEmpty ? "" : ".\(flaw.path)")
        if let place = places[field] {
          errors[place].messages.append(flaw.message)
        } else {
          places[field] = errors.count
          errors.append((field, [flaw.message]))
        }
      }
    }
    return errors
  }
}
