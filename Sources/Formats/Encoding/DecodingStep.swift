/// How far a decoder got with its input.
struct DecodingStep: Equatable {
  enum Stop: Equatable {
    /// All input was taken.
    case inputEnd
    /// The next character does not fit.
    case outputFull
    /// The rest is the beginning of a character.
    case incomplete
    /// No character begins with the next bytes, whatever follows.
    case invalid
  }

  /// Input bytes that are done with.
  var taken: Int
  var stop: Stop
}
