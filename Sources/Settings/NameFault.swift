/// Why a name can't be used for a target or an inbox; nil if it can.
///
/// An inbox's name is also a folder's name; both names are printed and used on the command line.
func nameFault(_ name: String) -> String? {
  if name.isEmpty { return "is empty" }
  if name.hasPrefix(".") { return "begins with a dot" }
  if name.contains("/") { return "contains a \"/\"" }
  if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
    return "contains control characters"
  }
  if name.utf8.count > 255 { return "is longer than 255 bytes" }
  return nil
}
