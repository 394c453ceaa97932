import Core
import CurlShim
import Glibc

/// libcurl's connections and easy handles; the only owner of the pointer to them.
///
/// Used by one thread at a time, except for its `Waker`. An exchange occupies a slot, numbered from 0, until it is
/// settled.
struct Pool: ~Copyable {
  private let handle: OpaquePointer

  init(_ options: ConnectionOptions) throws(SendError) {
    let slots = max(1, options.concurrency)
    guard let handle = curlshim_pool_new(slots, max(1, options.mostConnectionAge.components.seconds)) else {
      throw SendError(
        .setup, place: "use libcurl", reason: "out of memory, or this build of libcurl lacks a required feature")
    }
    let settings = [
      (CURLSHIM_CA_FILE, options.caFile), (CURLSHIM_CLIENT_CERT, options.clientCert),
      (CURLSHIM_CLIENT_KEY, options.clientKey), (CURLSHIM_PROXY, options.proxy?.address),
      (CURLSHIM_PROXY_USERNAME, options.proxy?.username), (CURLSHIM_PROXY_PASSWORD, options.proxy?.password),
      (CURLSHIM_USER_AGENT, options.userAgent),
    ]
    guard settings.allSatisfy({ setting, value in value == nil || curlshim_set(handle, setting, value) }) else {
      curlshim_pool_free(handle)
      throw SendError(
        .setup, place: "use libcurl", reason: "it does not accept a certificate, proxy or user agent setting")
    }
    self.handle = handle
  }

  deinit { curlshim_pool_free(handle) }

  /// Valid as long as the pool lives; its holder must ensure that.
  var waker: Waker { Waker(handle) }

  /// Ends the pool's wait from any thread.
  ///
  /// Keeps the address as a number, since a pointer is never `Sendable`. Waking only writes to an eventfd(2), which is
  /// allowed from other threads.
  struct Waker: Sendable {
    private let address: UInt

    fileprivate init(_ handle: OpaquePointer) { address = UInt(bitPattern: handle) }

    func wake() { OpaquePointer(bitPattern: address).map { curlshim_wake($0) } }
  }

  /// Begins an exchange in a free slot; after a failure the slot is still free.
  mutating func start(_ request: Request, in slot: Int, connectTimeout: Duration) throws(SendError) {
    // libcurl would interpret zero as "no limit".
    let timeout = max(1, request.timeout.milliseconds)
    var words: UnsafePointer<CChar>?
    let fault = request.lines.withUnsafeBytes { lines in
      request.body.withUnsafeBytes { body in
        curlshim_start(
          handle, slot, request.method, request.url, lines.baseAddress?.assumingMemoryBound(to: CChar.self),
          body.baseAddress, body.count, max(0, request.mostAnswerBytes), timeout,
          min(timeout, max(1, connectTimeout.milliseconds)), request.isSentOnce, &words)
      }
    }
    guard fault != CURLSHIM_NO_FAULT else { return }
    throw SendError(
      fault == CURLSHIM_UNUSABLE ? .setup : .notSent, place: request.place,
      reason: words.map { String(cString: $0) } ?? "")
  }

  /// Advances every exchange as far as possible; false if libcurl itself fails.
  mutating func perform() -> Bool { curlshim_perform(handle) }

  /// Waits until there is something to do; false if libcurl itself fails.
  mutating func wait(atMost limit: Duration) -> Bool {
    curlshim_wait(handle, Int32(clamping: max(0, limit.milliseconds)))
  }

  /// The next exchange that has ended; its slot is free again.
  mutating func nextOutcome() -> (slot: Int, outcome: Outcome)? {
    var raw = curlshim_outcome()
    guard curlshim_next_outcome(handle, &raw) else { return nil }
    let outcome = Outcome(raw)
    curlshim_forget(handle, raw.slot)
    return (raw.slot, outcome)
  }

  /// Ends an exchange now; its slot is free again.
  mutating func abort(_ slot: Int, because reason: String) -> Outcome {
    var raw = curlshim_outcome()
    curlshim_abort(handle, slot, &raw)
    return .failure(.failed, sendings: raw.unansweredSendings, reason: reason)
  }

  /// Bytes moved so far in the current direction; nil while connecting, and while waiting for the server.
  func bytesMoved(in slot: Int) -> Int64? {
    let moved = curlshim_moved(handle, slot)
    return moved < 0 ? nil : moved
  }
}

extension Outcome {
  fileprivate init(_ raw: curlshim_outcome) {
    guard raw.fault == CURLSHIM_NO_FAULT else {
      let kind: Kind =
        switch raw.fault {
        case _ where raw.lost: .lost
        case CURLSHIM_UNUSABLE: .unusable
        case CURLSHIM_TLS: .tls
        case CURLSHIM_HEAD_TOO_LARGE: .headTooLarge
        default: .failed
        }
      // libcurl's own message omits the cause: "Couldn't connect to server".
      let cause = raw.connect_errno == 0 ? "" : " (\(String(cString: strerror(raw.connect_errno))))"
      self = .failure(kind, sendings: raw.unansweredSendings, reason: String(cString: raw.reason) + cause)
      return
    }
    self = .answer(
      Response(
        status: Int(raw.status),
        headers: [Header](head: UnsafeRawBufferPointer(start: raw.head, count: raw.head_count)),
        body: [UInt8](UnsafeBufferPointer(start: raw.body, count: raw.body_count)), isCut: raw.cut,
        elapsed: .microseconds(raw.elapsed_us), unanswered: max(0, Int(raw.sendings) - 1)))
  }
}

extension curlshim_outcome {
  fileprivate var unansweredSendings: Int { sent ? max(1, Int(sendings)) : 0 }
}
