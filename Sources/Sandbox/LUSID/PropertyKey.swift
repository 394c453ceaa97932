/// LUSID's property keys: `InvestorRecord/Details/Name`.
enum PropertyKey {
  static func isKey(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    return parts.count == 3 && parts.allSatisfy(isCode)
  }

  static func isCode(_ text: String) -> Bool { isCode(Substring(text).utf8) }

  private static func isCode(_ text: Substring.UTF8View) -> Bool {
    (1...64).contains(text.count)
      && text.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  static let keyRule =
    "A property key must have the form {domain}/{scope}/{code}, each of 1 to 64 letters, digits, '-' and '_'."

  static func codeRule(_ field: String) -> String {
    "The field \(field) must have 1 to 64 characters, of letters, digits, '-' and '_'."
  }
}
