/// What an item itself asks the sandbox to do with it, for trying things out.
///
/// By its description: `"description": "sandbox: reject"`.
enum StagedOutcome: String {
  /// Refused, its neighbours not.
  case reject
  /// The whole batch is answered with 400.
  case malformed
  /// Answered as left unchanged, where the API has such an answer; else accepted.
  case unchanged
  /// Neither stored nor named in the answer, where the API names what it took; else accepted.
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
