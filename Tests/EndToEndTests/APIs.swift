import Foundation
import JSONText
import TestKit

// What the two APIs take and answer, for servers that a test scripts itself.

extension ReceivedRequest {
  /// The request ids of a LUSID batch, in the body's order.
  var requestIDs: [String] { (try? JSONValue.parse(body))?.members?.map(\.name) ?? [] }

  /// The items of a Liquid batch.
  var items: [JSONValue] { (try? JSONValue.parse(body))?.elements ?? [] }

  /// The display names of a LUSID batch, in order.
  var displayNames: [String] {
    (try? JSONValue.parse(body))?.members?.compactMap { $0.value["displayName"]?.string } ?? []
  }

  /// The names in a Liquid batch's data, in order.
  var accountIDs: [String] { items.compactMap { $0["data"]?["accountId"]?.string } }
}

extension Reply {
  /// LUSID's 201: `accepting` and `failing` by request id.
  static func lusid(accepting values: [String], failing: [String: String] = [:]) -> Reply {
    let values = values.map { "\"\($0)\": {}" }.joined(separator: ", ")
    let failed = failing.sorted { $0.key < $1.key }.map { "\"\($0)\": \($1)" }.joined(separator: ", ")
    return .json("{\"values\": {\(values)}, \"failed\": {\(failed)}}", status: 201)
  }

  /// Accepts every item of a LUSID batch.
  static func lusid(_ request: ReceivedRequest) -> Reply { .lusid(accepting: request.requestIDs) }

  /// Liquid's 200.
  static func liquid(_ request: ReceivedRequest, rejecting items: [String] = []) -> Reply {
    .json("{\"count\": \(request.items.count), \"rejectedItems\": [\(items.joined(separator: ", "))]}")
  }

  /// A problem document.
  static func problem(_ status: Int, code: Int = 0, detail: String = "no", headers: [String: String] = [:]) -> Reply {
    .json("{\"code\": \(code), \"title\": \"a problem\", \"detail\": \"\(detail)\"}", status: status, headers: headers)
  }

  static func status(_ status: Int, headers: [String: String] = [:]) -> Reply {
    .answer(status: status, headers: headers)
  }
}

/// A LUSID request in today's schema, keyed by `key`.
func record(_ key: String, name: String? = nil) -> String {
  """
  {"scope":"s","identifiers":{"InvestorRecord/Test/Id":{"key":"InvestorRecord/Test/Id","value":{"labelValue":"\(key)"}}},\
  "displayName":"\(name ?? key)"}
  """
}

/// A Liquid item of type Account.
func account(_ id: String, name: String = "n") -> String {
  """
  {"headers":{"category":"entity","type":"Account","action":"Merge"},"data":{"accountId":"\(id)","name":"\(name)"}}
  """
}

func security(_ isin: String) -> String {
  """
  {"headers":{"category":"entity","type":"Security","action":"Merge"},"data":{"name":"n","isin":"\(isin)"}}
  """
}

/// A JSON array with an item a line.
func array(_ items: [String]) -> String { "[\n" + items.joined(separator: ",\n") + "\n]\n" }
