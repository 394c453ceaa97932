/// The 201 answer to a batch of investor records.
struct InvestorRecordAnswer {
  let call: Request
  let requestID: String
  /// RFC 3339.
  let time: String

  enum Outcome {
    case stored(number: Int, version: Int)
    case refused
    /// Named in `failed`, without a reason.
    case unchanged
    /// Not named anywhere.
    case ignored
  }

  func reply(_ outcomes: [(request: InvestorRecordBatch.Request, outcome: Outcome)]) -> Response {
    var json = JSONOutput()
    json.reserve(call.body.count * 2 + 512)
    json.object { json in
      json.member("href", call.origin + call.path)
      json.name("values")
      json.object { json in
        for case (let request, .stored(let number, let version)) in outcomes {
          json.name(raw: request.id.raw)
          record(request.check.parts, number: number, version: version, in: &json)
        }
      }
      json.name("failed")
      json.object { json in
        for (request, outcome) in outcomes {
          switch outcome {
          case .refused: failure(request.id, request.check.flaws, in: &json)
          case .unchanged: failure(request.id, [], in: &json)
          case .stored, .ignored: continue
          }
        }
      }
      json.name("links")
      json.array { json in
        json.object { json in
          json.member("relation", "RequestLogs")
          json.member("href", "\(call.origin)/app/insights/logs/\(requestID)")
          json.member("description", "The sandbox keeps no logs; the real service has them here.")
          json.member("method", "GET")
        }
      }
    }
    return Response(201, body: json.bytes)
  }

  private func failure(_ id: JSONPart, _ flaws: [ValidationError], in json: inout JSONOutput) {
    json.name(raw: id.raw)
    json.object { json in
      json.member("id", id)
      if !flaws.isEmpty {
        json.member("type", "InvalidParameterValue")
        json.member("detail", flaws.map { "\($0.path): \($0.message)" }.joined(separator: " "))
      }
      json.name("errorDetails")
      json.array { json in
        for flaw in flaws {
          json.object { json in
            json.member("field", flaw.path)
            json.member("message", flaw.message)
          }
        }
      }
    }
  }

  private func record(
    _ parts: InvestorRecordCheck.Parts, number: Int, version: Int, in json: inout JSONOutput
  ) {
    let digits = String(number)
    let id = "IR" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    json.object { json in
      json.member("lusidInvestorRecordId", id)
      json.member("scope", parts.scope)
      json.member("displayName", parts.displayName)
      json.member("description", parts.description)
      if let investor = parts.investor {
        json.name("investor")
        json.object { json in
          json.member("investorType", investor.member("investorType"))
          json.member("identifiers", investor.member("identifiers"))
          json.member("investorIdentifiers", investor.member("investorIdentifiers"))
          json.member("entityUniqueId", id + "I")
        }
      }
      json.member("identifiers", parts.identifiers)
      json.member("properties", parts.properties)
      json.name("relationships")
      json.array { _ in }
      json.member("href", "\(call.origin)/api/api/investorrecords/\(id)")
      json.name("version")
      json.object { json in
        json.member("effectiveFrom", "0001-01-01T00:00:00.0000000+00:00")
        json.member("asAtDate", time)
        json.member("asAtVersionNumber", version)
        json.member("requestIdModified", requestID)
        json.member("entityUniqueId", id)
      }
      json.name("links")
      json.array { _ in }
    }
  }
}
