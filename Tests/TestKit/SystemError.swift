import Glibc

/// A system call that failed where a test needed it.
package struct SystemError: Error, CustomStringConvertible {
  package let description: String

  /// To be made right after the call: reads `errno`.
  package init(_ call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
}
