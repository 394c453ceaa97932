package import Logging

extension Logger.MetadataValue {
  /// A number, which stays a number if the log is JSON.
  package static func number(_ number: Int) -> Logger.MetadataValue { .stringConvertible(number) }
}
