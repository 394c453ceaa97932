extension String {
  /// This URL, as the configuration has it, with a path added.
  ///
  /// Text and no URL type, since the path must go out as it is: `$` stays `$`.
  func appendingPath(_ path: String) -> String {
    var base = self
    while base.hasSuffix("/") { base.removeLast() }
    return base + path
  }
}
