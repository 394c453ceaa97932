// Compiled wrappers for libcurl's multi interface: Swift can neither call `curl_easy_setopt` and its kin, which are
// variadic, nor read the macros. This header includes nothing of libcurl, so none of its types reaches Swift.
//
// A pool belongs to one thread at a time; only `curlshim_wake` may be called concurrently with another call.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct curlshim_pool;

enum curlshim_setting {
  CURLSHIM_CA_FILE,
  CURLSHIM_CLIENT_CERT,
  CURLSHIM_CLIENT_KEY,
  CURLSHIM_PROXY,
  CURLSHIM_PROXY_USERNAME,
  CURLSHIM_PROXY_PASSWORD,
  CURLSHIM_USER_AGENT,
};

enum curlshim_fault {
  CURLSHIM_NO_FAULT,
  /// The URL or a local file can't be used.
  CURLSHIM_UNUSABLE,
  /// The handshake failed, or one side did not trust the other's certificate.
  CURLSHIM_TLS,
  /// The answer's status line and fields exceed the limit.
  CURLSHIM_HEAD_TOO_LARGE,
  /// Anything else: name lookup, connection, proxy, timeout, protocol.
  CURLSHIM_FAILED,
};

/// How an exchange ended; the pointers are valid until its slot is reused.
struct curlshim_outcome {
  size_t slot;
  enum curlshim_fault fault;
  /// Whether a byte of the request may have reached the server.
  bool sent;
  /// How often libcurl began to send it: more than once if a kept connection turned out to be closed.
  unsigned sendings;
  /// Whether a kept connection ended before an answer began, and the request is not to be sent again.
  bool lost;
  /// The answer's body continues after `body`: it exceeds the limit, or the server closed too early.
  bool cut;
  int status;
  int64_t elapsed_us;
  /// Human-readable; empty without a fault.
  const char *reason;
  /// The `errno` of a failed connection attempt; 0 otherwise.
  int connect_errno;
  /// The final answer's status line and fields, CRLF after each.
  const uint8_t *head;
  size_t head_count;
  const uint8_t *body;
  size_t body_count;
};

/// A connection pool with one reusable easy handle per slot; NULL without memory or a usable libcurl.
///
/// Environment variables are ignored; redirects are not followed; certificates are verified. A connection older than
/// `most_connection_age_s` takes no further exchange, even if it is never idle.
struct curlshim_pool *curlshim_pool_new(size_t slots, int64_t most_connection_age_s);

/// Also aborts exchanges in flight and closes every connection.
void curlshim_pool_free(struct curlshim_pool *pool);

/// Sets one string on every slot; false if libcurl rejects it.
bool curlshim_set(struct curlshim_pool *pool, enum curlshim_setting setting, const char *value);

/// Begins an exchange in a free slot, and copies all its arguments.
///
/// `fields` holds lines such as `Accept: text/plain`, each followed by a NUL, and one more NUL at the end. On a fault
/// the slot stays free, and `reason` is libcurl's message. At most `most_answer_bytes` of the answer's unpacked body
/// are kept.
enum curlshim_fault curlshim_start(
    struct curlshim_pool *pool, size_t slot, const char *method, const char *url, const char *fields, const void *body,
    size_t body_count, size_t most_answer_bytes, int64_t timeout_ms, int64_t connect_timeout_ms, bool once,
    const char **reason);

/// Advances every exchange as far as possible without waiting; false if libcurl itself fails.
bool curlshim_perform(struct curlshim_pool *pool);

/// Waits for something to do, at most `timeout_ms`; false if libcurl itself fails.
bool curlshim_wait(struct curlshim_pool *pool, int timeout_ms);

/// Ends another thread's current wait, or its next one.
void curlshim_wake(struct curlshim_pool *pool);

/// The next exchange that has ended, whose slot is now free; false if there is none.
bool curlshim_next_outcome(struct curlshim_pool *pool, struct curlshim_outcome *outcome);

/// Frees the memory of a large answer, once `outcome` has been read.
void curlshim_forget(struct curlshim_pool *pool, size_t slot);

/// Ends an exchange now and frees its slot; the caller sets `fault` and `reason` of `outcome`.
void curlshim_abort(struct curlshim_pool *pool, size_t slot, struct curlshim_outcome *outcome);

/// Bytes moved in both directions, or -1 while no progress is expected: before the request, and between it and its
/// answer.
int64_t curlshim_moved(const struct curlshim_pool *pool, size_t slot);

/// A mail to send over SMTP; all texts are UTF-8 and end with a NUL.
struct curlshim_mail {
  /// `smtps://host:port`, or `smtp://host:port`.
  const char *url;
  /// Whether `smtp` must switch to TLS (STARTTLS) before anything else; if false, it never does.
  bool needs_tls;
  /// NULL: no login.
  const char *username, *password;
  /// PEM; NULL: the system's authorities.
  const char *ca_file;
  /// `<local@domain>`
  const char *from, *to;
  /// Header fields, an empty line and the text, with CRLF at the end of each line.
  const char *text;
  size_t text_count;
  int64_t timeout_ms, connect_timeout_ms;
  /// Once this is not 0, the exchange is given up within about a second.
  const int *stop;
};

struct curlshim_mail_outcome {
  enum curlshim_fault fault;
  /// The server's last reply, such as 550; 0 if there was none.
  int reply;
  /// The `errno` of a failed connection attempt; 0 otherwise.
  int connect_errno;
  /// Human-readable; empty without a fault.
  char reason[256];
};

/// Sends one mail on a connection of its own, and waits for it. Certificates are verified, and environment variables
/// are ignored.
void curlshim_send_mail(const struct curlshim_mail *mail, struct curlshim_mail_outcome *outcome);

/// Sets `stop` of a mail, and says whether it is set, from any thread.
void curlshim_raise(int *stop);
bool curlshim_is_raised(const int *stop);
