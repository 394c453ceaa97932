/// One fault in a request.
struct ValidationError: Equatable {
  /// Relative to the request: `displayName`, `properties.InvestorRecord/Details/Name.value`; empty for the request
  /// itself.
  var path: String
  var message: String
}
