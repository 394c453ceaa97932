import APIs
import Core
import Foundation
import Settings

extension FuzzDriver {
  static let configuration = FuzzDriver(
    name: "configuration", about: "configuration files",
    words: yamlWords + [
      "targets:", "inboxes:", "api: lusid", "url: https://a", "auth:", "access_token: x", "routes:", "retention:",
      "30d", "1h30m", "4GiB", "admin: false", "listen: \"127.0.0.1:0\"", "${HOME}", "$${", "<<: *a", "batch:",
      "format: csv", "encoding: latin1", "delimiter: ", "quote: ", "escape: ", "header: [a]", "skip: {rows: [\"H*\"]}",
      "null: ", "decimal: \",\"", "grouping: ", "symbols: ", "trailer: {match: T, count: 2, sums: {a: 3}}",
      "checksum: md5", "notify:", "webhook: https://a", "secret: s", "mail: a@b.c", "smtp: smtps://a", "on: [held]",
    ], longest: 8 << 10
  ) { folder in
    PlainReader { input in
      let path = folder + "/upsertd.yaml"
      try store(input, at: path)
      do throws(SettingsFaults) {
        let settings = try Settings.load(path: path, environment: ["HOME": "/x\n: y"])
        // Its values are used in sums.
        _ = settings.watch.settle * 5 + settings.retry.maxAge + settings.retry.max
        for target in settings.targets { _ = target.batch.maxItems * target.concurrency * 2 + target.batch.maxBytes }
        _ = 2 * settings.limits.maxItemBytes + settings.limits.maxFileBytes + settings.queue.maxBytes
        return true
      } catch {
        try check(error)
        return false
      }
    }
  }

  static let mapping = FuzzDriver(
    name: "mapping", about: "mapping files",
    words: yamlWords + [
      "columns:", "constants:", "ignore:", "to: ", "type: number", "date: \"dd/MM/yyyy\"", "values: {P: Person}",
      "displayName", "identifiers.InvestorRecord/A/B", "[0]", ".", ":number", "\"Column\": ",
      "computed: {description: {concat: [\"{Ref}\"]}}", "lookup: map.yaml", "required: true", "default: P",
      "trim: true",
      "null: [x]", "decimal: \",\"", "grouping: ", "negative: trailing", "symbols: ", "optional: true",
      "timezone: UTC",
    ], longest: 8 << 10
  ) { folder in
    let settings = folder + "/upsertd.yaml"
    _ = try Settings.fuzzing(in: folder)
    return PlainReader { input in
      try store(input, at: folder + "/map.yaml")
      do throws(SettingsFaults) {
        _ = try Settings.load(path: settings, environment: [:])
        return true
      } catch {
        try check(error)
        return false
      }
    }
  }

  private static let yamlWords = [
    ": ", "- ", "{", "}", "[", "]", ", ", "\n", "  ", "\t", "#", "\"", "'", "|", ">", "&a ", "*a", "!!int ", "%",
    "---\n",
    "? ", "null", "~", "yes",
  ]

  private static func store(_ input: [UInt8], at path: String) throws {
    guard FileManager.default.createFile(atPath: path, contents: Data(input), attributes: [.posixPermissions: 0o600])
    else { throw Broken("\(path) can't be written") }
  }

  /// Every fault is one line, which steers no terminal.
  private static func check(_ faults: SettingsFaults) throws {
    guard !faults.faults.isEmpty else { throw Broken("faults without a fault") }
    for fault in faults.faults where fault.description != fault.description.onOneLine {
      throw Broken("not on one line: \(fault.description)")
    }
  }
}
