internal import ArgumentParser

struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Shows the main job on an embedded sandbox.")
  @OptionGroup var config: ConfigOption
  func run() async throws {}
}
