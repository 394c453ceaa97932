/// One thing that is wrong with a request.
struct Flaw: Equatable {
  /// From the request on: `displayName`, `properties.InvestorRecord/Details/Name.value`; empty for the request itself.
  var path: String
  var message: String
}
