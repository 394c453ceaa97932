extension String {
  /// This URL, as configured, with a path added.
  ///
  /// Uses text rather than a URL type, since the path must be sent unchanged: `$` stays `$`.
  func appendingPath(_ path: String) -> String {
    var base = self
    while base.hasSuffix("/") { base.removeLast() }
    return base + path
  }
}
