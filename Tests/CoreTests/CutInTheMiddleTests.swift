import Core
import Testing

@Suite struct CutInTheMiddleTests {
  @Test(arguments: [
    ("clients.csv", 11, "clients.csv"), ("clients.csv", 10, "clien….csv"), ("clients.csv", 9, "clie….csv"),
    ("clients.csv", 3, "c…v"), ("clients.csv", 2, "c…"), ("clients.csv", 1, "c"), ("clients.csv", 0, ""),
    ("", 0, ""), ("客户名单.csv", 5, "客户…sv"),
  ])
  func `both ends stay`(_ text: String, length: Int, expected: String) {
    #expect(text.cutInTheMiddle(to: length) == expected)
  }
}
