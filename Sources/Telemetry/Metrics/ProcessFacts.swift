internal import Glibc
package import Metrics

/// The process metrics of every Prometheus client: CPU time, memory, open files.
///
/// Names as in <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>; numbers from `/proc` (proc(5)).
package enum ProcessFacts {
  package static func write(to text: inout Exposition) {
    let fields = statFields
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    // utime and stime are fields 14 and 15, starttime 22, vsize 23, rss 24; here without the first two.
    if fields.count > 21, ticks > 0 {
      text.family(
        "process_cpu_seconds_total", "CPU time spent in user and system mode.", type: "counter",
        (fields[11] + fields[12]) / ticks)
      text.family("process_virtual_memory_bytes", "Size of the address space.", fields[20])
      text.family(
        "process_resident_memory_bytes", "Size of the resident memory.",
        fields[21] * Double(sysconf(Int32(_SC_PAGESIZE))))
      if let boot = bootTime {
        text.family("process_start_time_seconds", "Start time, in seconds since 1970.", boot + fields[19] / ticks)
      }
    }
    if let count = openFiles { text.family("process_open_fds", "Open file descriptors.", Double(count)) }
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      text.family("process_max_fds", "Maximum number of open file descriptors.", Double(limit.rlim_cur))
    }
  }

  /// The numbers of `/proc/self/stat` after the process's name, which may contain anything.
  private static var statFields: [Double] {
    guard let text = content("/proc/self/stat"), let end = text.lastIndex(of: ")") else { return [] }
    return text[text.index(after: end)...].split(separator: " ").map { Double($0) ?? 0 }
  }

  private static var bootTime: Double? {
    content("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
      .flatMap { Double($0.dropFirst("btime ".count)) }
  }

  private static var openFiles: Int? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Excludes ".", "..", and the descriptor used here.
    return max(0, count - 3)
  }

  private static func content(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while case let count = read(descriptor, &chunk, chunk.count), count > 0 { bytes += chunk[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }
}
