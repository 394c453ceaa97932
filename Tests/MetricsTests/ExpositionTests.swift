import Metrics
import Testing

@Suite struct `Prometheus' text` {
  @Test func `a family has its help, its type, and a line a member, by its labels`() {
    let registry = Registry()
    let files = registry.counter("files_total", "Files.", labels: "inbox", "status")
    files["b", "done"].add(2)
    files["a", "done"].add()
    files["b", "done"].add()
    registry.gauge("open", "What is open.")[].set(-3)
    #expect(
      text(registry) == """
        # HELP files_total Files.
        # TYPE files_total counter
        files_total{inbox="a",status="done"} 1
        files_total{inbox="b",status="done"} 3
        # HELP open What is open.
        # TYPE open gauge
        open -3

        """)
  }

  @Test func `a histogram's buckets count everything up to their ends`() {
    let registry = Registry()
    let duration = registry.histogram("d_seconds", "How long.", bounds: [0.1, 1, 10])[]
    for seconds in [0.05, 0.1, 0.5, 10, 60] { duration.observe(seconds) }
    duration.observe(.milliseconds(1500))
    #expect(
      text(registry) == """
        # HELP d_seconds How long.
        # TYPE d_seconds histogram
        d_seconds_bucket{le="0.1"} 2
        d_seconds_bucket{le="1"} 3
        d_seconds_bucket{le="10"} 5
        d_seconds_bucket{le="+Inf"} 6
        d_seconds_sum 72.15
        d_seconds_count 6

        """)
  }

  @Test func `labels may hold anything`() {
    var text = Exposition()
    text.family("x", "Lines\nand \\ and \".", [([("name", "a\"b\\c\nd")], 0.5)])
    #expect(text.text == "# HELP x Lines\\nand \\\\ and \".\n# TYPE x gauge\nx{name=\"a\\\"b\\\\c\\nd\"} 0.5\n")
  }

  @Test func `what many threads count adds up`() async {
    let registry = Registry()
    let (counter, histogram) = (registry.counter("a_total", "A."), registry.histogram("b", "B.", bounds: [1]))
    await withDiscardingTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<10_000 {
            counter[].add()
            histogram[].observe(2)
          }
        }
      }
    }
    #expect(counter[].value == 80_000)
    #expect(histogram[].total == (80_000, 160_000))
  }

  private func text(_ registry: Registry) -> String {
    var text = Exposition()
    registry.write(to: &text)
    return text.text
  }
}
