import JSONText
import Testing

@Suite struct DecimalSumTests {
  private func sum(_ numbers: [String]) throws(DecimalSum.Fault) -> DecimalSum {
    var sum = DecimalSum()
    for number in numbers { try sum.add(Array(number.utf8).span) }
    return sum
  }

  @Test(
    arguments: [
      ([], "0"), (["0"], "0"), (["12.50"], "12.50"), (["10", "2.5"], "12.5"), (["0.1", "0.2"], "0.3"),
      (["0.10", "-0.10"], "0.00"), (["-1"], "-1"), (["-0.05"], "-0.05"), (["-0"], "0"), (["1.005", "2"], "3.005"),
      (["0.001", "-1"], "-0.999"), (["1e3", "1"], "1001"), (["1.5e1"], "15"), (["15E-1"], "1.5"),
      (["0e99999", "2"], "2"),
      (["1.50e1"], "15.0"), (["9007199254740993", "0.01"], "9007199254740993.01"),
      (["99999999999999999999999999999999999999"], "99999999999999999999999999999999999999"),
      (Array(repeating: "0.01", count: 1000), "10.00"),
    ] as [([String], String)])
  func `a sum is exact, with the digits of the longest fraction`(_ numbers: [String], _ text: String) throws {
    #expect(try sum(numbers).text == text)
  }

  @Test(arguments: [
    ["999999999999999999999999999999999999999"],
    ["99999999999999999999999999999999999999", "99999999999999999999999999999999999999"],
    ["99999999999999999999999999999999999999", "0.01"], ["1e39"], ["1e-39"], ["1e1001"], ["1", "1e-38", "100"],
    ["0.000000000000000000000000000000000000001"],
  ])
  func `a sum of too many digits is an error`(_ numbers: [String]) {
    #expect(throws: DecimalSum.Fault.tooLarge) { try sum(numbers) }
  }

  @Test(arguments: ["", "-", "x", "1.", ".5", "1e", "1e+", "1ex", "1.5.5", "1 ", "1,5", "1e99999999999999999999"])
  func `what is no number is an error`(_ text: String) {
    #expect(throws: DecimalSum.Fault.notANumber) { try sum([text]) }
  }

  @Test func `an error leaves the sum as it was`() throws {
    var sum = try sum(["1.5"])
    #expect(throws: DecimalSum.Fault.notANumber) { try sum.add([UInt8(ascii: "x")].span) }
    #expect(throws: DecimalSum.Fault.tooLarge) { try sum.add(Array("1e38".utf8).span) }
    #expect(sum.text == "1.5")
  }

  @Test func `sums are compared by value`() throws {
    #expect(try sum(["12.50"]) == sum(["12.5"]))
    #expect(try sum(["10.00"]) == sum(["1e1"]))
    #expect(try sum(["0.0"]) == sum(["-0"]))
    #expect(try sum(["12.50"]) != sum(["12.51"]))
    #expect(try sum(["1"]) != sum(["10"]))
    #expect(try sum(["0.1"]) != sum(["1"]))
  }
}
