import Foundation
import Testing

@Suite struct IndependenceTests {
  /// The build sees to the rest: this module depends on none of the modules that read, check and judge items.
  @Test func `only the files that name an API know the module that is tested`() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/Sandbox")
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
    #expect(paths.count > 20)
    for path in paths {
      let text = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
      let name = path.split(separator: "/").last ?? ""
      let namesAPI =
        name == "SandboxAPI.swift" || name.hasSuffix("+Sandbox.swift") || name.hasPrefix("SampleFile+")
      #expect(!text.contains("import APIs") || namesAPI, "\(path)")
    }
  }
}
