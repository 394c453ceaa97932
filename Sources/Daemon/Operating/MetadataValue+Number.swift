internal import Logging

extension Logger.MetadataValue {
  /// A number, which stays a number if the log is JSON.
  static func number(_ number: Int) -> Logger.MetadataValue { .stringConvertible(number) }
}
