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
