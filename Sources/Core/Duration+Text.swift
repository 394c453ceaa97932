extension Duration {
  /// As written in the configuration: `500ms`, `2s`, `1h30m`, `5d`.
  package var text: String {
    var rest = milliseconds
    guard rest > 0 else { return "0s" }
    var text = ""
    for (name, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)]
      as [(String, Int64)]
    where rest >= length {
      text += "\(rest / length)\(name)"
      rest %= length
    }
    return text
  }
}
