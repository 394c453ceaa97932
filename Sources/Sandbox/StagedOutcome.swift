/// What an item itself asks the sandbox to do with it, for trying things out.
///
/// By its description: `"description": "sandbox: reject"`, in a Liquid item within `data`.
enum StagedOutcome: String {
  /// Refused, its neighbours not.
  case reject
  /// The whole batch is answered with 400.
  case malformed
  /// LUSID: listed in `failed` without a reason. Liquid: accepted.
  case unchanged
  /// LUSID: named neither in `values` nor in `failed`, and not stored. Liquid: accepted.
  case ignore

  init?(_ description: JSONPart?) {
    guard let description, description.kind == .string, description.raw.dropFirst().starts(with: Self.prefix.utf8)
    else {
      return nil
    }
    self.init(rawValue: String(description.text.dropFirst(Self.prefix.count)))
  }

  private static let prefix = "sandbox: "
}
