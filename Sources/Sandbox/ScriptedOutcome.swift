/// The outcome that an item itself requests from the sandbox, for experiments.
///
/// Set in its description: `"description": "sandbox: reject"`.
enum ScriptedOutcome: String {
  /// Rejected; the other items are not.
  case reject
  /// The whole batch is answered with 400.
  case malformed
  /// Answered as left unchanged, if the API has such an answer; otherwise accepted.
  case unchanged
  /// Neither stored nor named in the answer, if the API names accepted items; otherwise accepted.
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
