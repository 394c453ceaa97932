/// Why a sandbox could not start.
package struct SandboxError: Error, CustomStringConvertible {
  package var description: String
}
