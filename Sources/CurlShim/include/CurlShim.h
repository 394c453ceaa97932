// libcurl's multi interface as compiled functions: Swift cannot call `curl_easy_setopt` and its kin, which are
// variadic, nor read the macros. Nothing of libcurl stands in this header, so none of its types reaches Swift.
//
// A pool belongs to one thread at a time; only `curlshim_wake` may be called beside another call.
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
  /// The URL or a local file cannot be used.
  CURLSHIM_UNUSABLE,
  /// The handshake failed, or one side did not believe the other's certificate.
  CURLSHIM_TLS,
  /// The answer's status line and fields outgrew what is taken.
  CURLSHIM_HEAD_TOO_LARGE,
  /// Anything else: name, connection, proxy, time, protocol.
  CURLSHIM_FAILED,
};

/// How an exchange ended; the pointers are good until its slot is used again.
struct curlshim_outcome {
  size_t slot;
  enum curlshim_fault fault;
  /// Whether a byte of the request may have gone to the server.
  bool sent;
  /// How often libcurl began to send it: more than once where a kept connection turned out to be closed.
  unsigned sendings;
  /// The answer's body goes on after `body`: it is larger than what is taken, or the server closed too early.
  bool cut;
  int status;
  int64_t elapsed_us;
  /// For people; empty without a fault.
  const char *reason;
  /// The `errno` of a connection that was not made; 0 otherwise.
  int connect_errno;
  /// The final answer's status line and fields, CRLF after each.
  const uint8_t *head;
  size_t head_count;
  const uint8_t *body;
  size_t body_count;
};

/// A connection pool with one reusable easy handle a slot; NULL without memory or a usable libcurl.
///
/// No environment variable has a say; redirects are not followed; certificates are verified. A connection that is older than
/// `most_connection_age_s` takes no further exchange, also one that is never idle.
struct curlshim_pool *curlshim_pool_new(size_t slots, int64_t most_connection_age_s);

/// Also aborts what is under way and closes every connection.
void curlshim_pool_free(struct curlshim_pool *pool);

/// Sets one string on every slot; false where libcurl does not take it.
bool curlshim_set(struct curlshim_pool *pool, enum curlshim_setting setting, const char *value);

/// Begins an exchange in a free slot, and copies all it is given.
///
/// `fields` holds lines such as `Accept: text/plain`, a NUL after each and one more at the end. On a fault the slot stays
/// free, and `reason` is libcurl's word for it. Of the answer's body, unpacked, no more than `most_answer_bytes` is taken.
enum curlshim_fault curlshim_start(
    struct curlshim_pool *pool, size_t slot, const char *method, const char *url, const char *fields, const void *body,
    size_t body_count, size_t most_answer_bytes, int64_t timeout_ms, int64_t connect_timeout_ms, const char **reason);

/// Moves every exchange as far as it goes without waiting; false where libcurl itself is broken.
bool curlshim_perform(struct curlshim_pool *pool);

/// Waits for something to do, at most `timeout_ms`; false where libcurl itself is broken.
bool curlshim_wait(struct curlshim_pool *pool, int timeout_ms);

/// Ends the wait that another thread is in, or its next one.
void curlshim_wake(struct curlshim_pool *pool);

/// The next exchange that has ended, whose slot is now free; false when there is none.
bool curlshim_next_outcome(struct curlshim_pool *pool, struct curlshim_outcome *outcome);

/// Gives a large answer's memory back, once `outcome` has been read.
void curlshim_forget(struct curlshim_pool *pool, size_t slot);

/// Ends an exchange now and frees its slot; of `outcome`, `fault` and `reason` are the caller's to say.
void curlshim_abort(struct curlshim_pool *pool, size_t slot, struct curlshim_outcome *outcome);

/// Bytes moved either way, or -1 while none is owed: before the request and between it and its answer.
int64_t curlshim_moved(const struct curlshim_pool *pool, size_t slot);
