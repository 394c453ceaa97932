extension String {
  /// The text in at most `length` characters: if it has more, those in the middle are replaced by an ellipsis.
  ///
  /// Both ends of a file's name say which one it is: how it begins, and its date, number and extension.
  package func cutInTheMiddle(to length: Int) -> String {
    guard count > length else { return self }
    guard length > 1 else { return String(prefix(max(0, length))) }
    let end = (length - 1) / 2
    return String(prefix(length - 1 - end)) + "…" + String(suffix(end))
  }
}
