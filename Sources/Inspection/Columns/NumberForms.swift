internal import APIs
internal import Core
internal import Formats

/// How the numbers of all columns are written.
struct NumberForms: Sendable {
  /// For the route.
  private(set) var common = NumberForm()
  /// For the columns that are written otherwise, by index.
  private(set) var own: [Int: NumberForm] = [:]
  private(set) var unsure: [String] = []

  init() {}

  /// Takes another form for the route, which takes all that the old one did.
  mutating func widen(to form: NumberForm) { common = form }

  /// Turns the columns into text whose numbers upsertd would not take.
  ///
  /// - Parameter prefersComma: whether the file looks as if it came from where decimals follow a comma; decides what
  ///   `1.250` is if nothing else does.
  init(_ columns: inout [ColumnGuess], prefersComma: Bool) {
    let places = columns.indices.filter { !columns[$0].numbers.isEmpty }
    guard !places.isEmpty else { return }
    let fits = places.map { place in
      columns[place].numbers.reduce(SeparatorSet.all) { $0.intersection($1.forms) }
    }
    let shared = fits.reduce(SeparatorSet.all) { $0.intersection($1) }
    let all = places.flatMap { columns[$0].numbers }
    let best = Self.best(of: shared, all, prefersComma)
    for (place, fitting) in zip(places, fits) {
      let separators = best ?? Self.best(of: fitting, columns[place].numbers, prefersComma)
      guard let separators, let form = Self.form(separators, columns[place].numbers) else {
        Self.makeText(&columns[place])
        continue
      }
      own[place] = form
      if let doubt = Self.doubt(separators, among: best == nil ? fitting : shared, columns[place]) {
        unsure.append(doubt)
      }
    }
    settle(places, columns)
  }

  /// What most columns have in common becomes the route's.
  private mutating func settle(_ places: [Int], _ columns: [ColumnGuess]) {
    let forms = places.compactMap { own[$0] }
    // Fewer than all may need the marks of negative numbers, which harm no other.
    var counts: [NumberSeparators: Int] = [:]
    for form in forms { counts[NumberSeparators(decimal: form.decimal, grouping: form.grouping), default: 0] += 1 }
    let ranked = NumberSeparators.all.filter { counts[$0] != nil }.max {
      counts[$0, default: 0] < counts[$1, default: 0]
    }
    guard let ranked else { return }
    (common.decimal, common.grouping) = (ranked.decimal, ranked.grouping)
    for form in forms where form.decimal == ranked.decimal && form.grouping == ranked.grouping {
      common.negative.formUnion(form.negative)
      common.symbols.formUnion(form.symbols)
    }
    own = own.filter { place, form in
      // Only JSON's form has exponents.
      if !common.isJSON, form.isJSON, columns[place].numbers.contains(where: { !$0.exponent.isEmpty }) { return true }
      return form.decimal != ranked.decimal || form.grouping != ranked.grouping
    }
  }

  /// The simplest of `forms` whose separators occur in the numbers.
  private static func best(
    of forms: SeparatorSet, _ numbers: [NumberText], _ prefersComma: Bool
  ) -> NumberSeparators? {
    let fitting = NumberSeparators.all.filter { separators in
      let sign = separators.grouping ?? separators.decimal
      return forms.contains(separators)
        && (separators == NumberSeparators() || numbers.contains { $0.core.contains(sign) })
    }
    guard let best = fitting.first else { return forms.contains(.lenient) ? .lenient : nil }
    // `1,250` is a thousand more often than it is one and a quarter with three decimals.
    if best == NumberSeparators(decimal: ","), fitting.contains(.lenient) { return .lenient }
    let points = NumberSeparators(decimal: ",", grouping: ".")
    if prefersComma, best == NumberSeparators(), fitting.contains(points) { return points }
    return best
  }

  /// Nil if upsertd would reject some of the numbers in this form.
  private static func form(_ separators: NumberSeparators, _ numbers: [NumberText]) -> NumberForm? {
    var form = NumberForm()
    (form.decimal, form.grouping) = (separators.decimal, separators.grouping)
    for number in numbers {
      form.negative.formUnion(number.negative)
      form.symbols.formUnion(number.symbols)
    }
    guard let reader = try? NumberReader(form) else { return nil }
    return numbers.allSatisfy { reader.json(Array($0.text.utf8).span) != nil } ? form : nil
  }

  private static func makeText(_ column: inout ColumnGuess) {
    let odd = column.numbers.first { $0.forms.isEmpty }.map { "\($0.text) is no number that upsertd takes" }
    let reason = odd ?? "its numbers are written in different ways"
    column.remarks.append("whether it must be a number: \(reason), so it is text here")
    column.content = .text
    column.numbers = []
  }

  private static func doubt(
    _ chosen: NumberSeparators, among forms: SeparatorSet, _ column: ColumnGuess
  ) -> String? {
    let name = column.name.quotedOnOneLine
    if let mark = column.numbers.first(where: { !$0.exponent.isEmpty }) {
      return
        "whether \(name) is complete: \(mark.digits)\(mark.exponent) is how Excel cuts long numbers"
    }
    if column.numbers.contains(where: { $0.symbols.contains("%") }) {
      return "whether the numbers of \(name) are percents: the % is dropped, 5% is sent as 5"
    }
    let point = NumberSeparators()
    let thousands = "a thousands separator"
    let (other, sign, text): (NumberSeparators, Unicode.Scalar, String)
    switch chosen {
    case .lenient: (other, sign, text) = (NumberSeparators(decimal: ","), ",", thousands)
    case NumberSeparators(decimal: ",", grouping: "."): (other, sign, text) = (point, ".", thousands)
    case point: (other, sign, text) = (NumberSeparators(decimal: ",", grouping: "."), ".", "the decimal point")
    default: return nil
    }
    guard forms.contains(other), let example = column.numbers.first(where: { $0.core.contains(sign) }) else {
      return nil
    }
    let shown = example.digits
    return "whether the \"\(sign)\" in \(name), as in \(shown), is \(text): it is taken for that"
  }
}
