internal import Logging

extension Logger.MetadataValue {
  /// A number, which stays one where the log is JSON.
  static func number(_ number: Int) -> Logger.MetadataValue { .stringConvertible(number) }
}
