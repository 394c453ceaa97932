#include "CurlShim.h"
#include "CurlShimOnce.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#if LIBCURL_VERSION_NUM < 0x075800
#error "libcurl 7.88 or newer is needed"
#endif

enum {
  // If a slot holds more, its memory is freed when the next exchange begins.
  KEPT_BYTES = 1 << 20,
  MOST_HEAD_BYTES = 256 << 10,
  RECEIVE_BYTES = 64 << 10,
  // How often exchanges on retiring connections are checked.
  RETIRING_MS = 20,
};

struct bytes {
  char *start;
  size_t count, room;
};

struct slot {
  struct curlshim_pool *pool;
  CURL *easy;
  // The multi handle it is busy on.
  CURLM *multi;
  struct curl_slist *fields;
  struct bytes request, head, answer;
  size_t most_answer_bytes;
  unsigned sendings;
  bool once;
  bool lost;
  bool busy, head_ended, head_too_large, cut;
  char reason[CURL_ERROR_SIZE];
};

// libcurl closes an old connection only when nothing is on it, which on HTTP/2 may never happen. So the connections as
// a whole are replaced once they are old: exchanges in flight end on the retiring ones, and nothing new begins there.
struct curlshim_pool {
  CURLM *multi, *retiring;
  int64_t most_age_s, born_s;
  int waker;
  size_t count;
  struct slot slots[];
};

static bool reserve(struct bytes *b, size_t room) {
  if (room <= b->room) return true;
  char *start = realloc(b->start, room);
  if (!start) return false;
  b->start = start;
  b->room = room;
  return true;
}

static bool append(struct bytes *b, const void *more, size_t count) {
  size_t needed = b->count + count;
  if (needed > b->room && !reserve(b, needed > 2 * b->room ? needed : 2 * b->room)) return false;
  if (count) memcpy(b->start + b->count, more, count);
  b->count = needed;
  return true;
}

static void clear(struct bytes *b) {
  b->count = 0;
  if (b->room <= KEPT_BYTES) return;
  free(b->start);
  *b = (struct bytes){0};
}

// libcurl calls this once a connection is established, including TLS and proxy, just before each sending of the
// request: until then nothing of it can have reached the server.
static int before_sending(void *context, char *peer, char *local, int peer_port, int local_port) {
  (void)peer, (void)local, (void)peer_port, (void)local_port;
  struct slot *slot = context;
  // A kept connection has ended before an answer began: libcurl would send the request again by itself.
  if (slot->sendings && slot->once) {
    slot->lost = true;
    return CURL_PREREQFUNC_ABORT;
  }
  slot->sendings++;
  return CURL_PREREQFUNC_OK;
}

// Called once per line. The final answer replaces interim ones (1xx); trailers after the body are ignored.
static size_t on_head(char *line, size_t size, size_t count, void *context) {
  struct slot *slot = context;
  count *= size;
  if (count >= 5 && !memcmp(line, "HTTP/", 5)) {
    slot->head.count = 0;
    slot->head_ended = false;
  }
  if (slot->head_ended) return count;
  if (count <= 2) slot->head_ended = true;
  if (slot->head.count + count > MOST_HEAD_BYTES) {
    slot->head_too_large = true;
    return 0;
  }
  return append(&slot->head, line, count) ? count : 0;
}

// Receives the unpacked body piece by piece: the limit applies to this.
static size_t on_body(char *part, size_t size, size_t count, void *context) {
  struct slot *slot = context;
  const size_t most = slot->most_answer_bytes;
  count *= size;
  if (!slot->answer.count) {
    curl_off_t length = -1;
    curl_easy_getinfo(slot->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (length > 0 && (uint64_t)length <= most && !reserve(&slot->answer, (size_t)length)) return 0;
  }
  if (count > most - slot->answer.count) {
    // Keeps what fits, and does not even wait for the rest.
    slot->cut = append(&slot->answer, part, most - slot->answer.count);
    return 0;
  }
  return append(&slot->answer, part, count) ? count : 0;
}

// Options that apply to every exchange.
static bool prepare(struct slot *slot) {
  CURL *easy = slot->easy;
#define SET(option, value) \
  if (curl_easy_setopt(easy, option, value) != CURLE_OK) return false
  SET(CURLOPT_PRIVATE, slot);
  SET(CURLOPT_ERRORBUFFER, slot->reason);
  SET(CURLOPT_PREREQFUNCTION, before_sending);
  SET(CURLOPT_PREREQDATA, slot);
  SET(CURLOPT_HEADERFUNCTION, on_head);
  SET(CURLOPT_HEADERDATA, slot);
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_WRITEDATA, slot);
  SET(CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_PROTOCOLS_STR, "http,https");
  SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  SET(CURLOPT_PATH_AS_IS, 1L);
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(CURLOPT_SSL_VERIFYPEER, 1L);
  SET(CURLOPT_SSL_VERIFYHOST, 2L);
  // An API, or a proxy in front of it, may compress without being asked. If asked, it at least uses a known encoding.
  SET(CURLOPT_ACCEPT_ENCODING, "gzip");
  SET(CURLOPT_TCP_KEEPALIVE, 1L);
  SET(CURLOPT_TCP_KEEPIDLE, 60L);
  SET(CURLOPT_TCP_KEEPINTVL, 15L);
  // Empty, not unset: if unset, the environment's http_proxy and no_proxy would apply.
  SET(CURLOPT_PROXY, "");
  SET(CURLOPT_NOPROXY, "");
  SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  // Without it, OpenSSL asks the terminal for an encrypted key's passphrase.
  SET(CURLOPT_KEYPASSWD, "");
  // Without it, libcurl waits for getaddrinfo to return when an exchange ends during its name lookup, and every other
  // exchange waits too. The lookup thread ends by itself and frees its memory.
  SET(CURLOPT_QUICK_EXIT, 1L);
#undef SET
  return true;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode usable;
static void init(void) { usable = curl_global_init(CURL_GLOBAL_DEFAULT); }

bool curlshim_usable(void) {
  pthread_once(&once, init);
  return usable == CURLE_OK;
}

static int64_t now_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

static CURLM *connections(size_t slots) {
  CURLM *multi = curl_multi_init();
  if (multi && curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)slots) == CURLM_OK &&
      curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX) == CURLM_OK)
    return multi;
  curl_multi_cleanup(multi);
  return NULL;
}

static bool is_busy(const struct curlshim_pool *pool, const CURLM *multi) {
  for (size_t i = 0; i < pool->count; i++)
    if (pool->slots[i].busy && pool->slots[i].multi == multi) return true;
  return false;
}

// Idle connections need no replacing: libcurl checks their age itself.
static void replace_old_connections(struct curlshim_pool *pool) {
  if (pool->retiring || now_s() - pool->born_s <= pool->most_age_s) return;
  if (is_busy(pool, pool->multi)) {
    CURLM *fresh = connections(pool->count);
    if (!fresh) return;
    pool->retiring = pool->multi;
    pool->multi = fresh;
  }
  pool->born_s = now_s();
}

static void end_retired(struct curlshim_pool *pool) {
  if (!pool->retiring || is_busy(pool, pool->retiring)) return;
  curl_multi_cleanup(pool->retiring);
  pool->retiring = NULL;
}

struct curlshim_pool *curlshim_pool_new(size_t slots, int64_t most_connection_age_s) {
  if (!curlshim_usable()) return NULL;
  struct curlshim_pool *pool = calloc(1, sizeof *pool + slots * sizeof pool->slots[0]);
  if (!pool) return NULL;
  pool->count = slots;
  pool->most_age_s = most_connection_age_s;
  pool->born_s = now_s();
  pool->waker = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  pool->multi = connections(slots);
  bool done = pool->multi && pool->waker >= 0;
  for (size_t i = 0; done && i < slots; i++) {
    pool->slots[i].pool = pool;
    pool->slots[i].easy = curl_easy_init();
    done = pool->slots[i].easy && prepare(&pool->slots[i]) &&
           // An older one is not reused: a name that has moved is looked up again, however busy its connections are.
           curl_easy_setopt(pool->slots[i].easy, CURLOPT_MAXLIFETIME_CONN, (long)most_connection_age_s) == CURLE_OK;
  }
  if (done) return pool;
  curlshim_pool_free(pool);
  return NULL;
}

void curlshim_pool_free(struct curlshim_pool *pool) {
  if (!pool) return;
  for (size_t i = 0; i < pool->count; i++) {
    struct slot *slot = &pool->slots[i];
    if (slot->busy) curl_multi_remove_handle(slot->multi, slot->easy);
    curl_easy_cleanup(slot->easy);
    curl_slist_free_all(slot->fields);
    free(slot->request.start);
    free(slot->head.start);
    free(slot->answer.start);
  }
  curl_multi_cleanup(pool->multi);
  curl_multi_cleanup(pool->retiring);
  if (pool->waker >= 0) close(pool->waker);
  free(pool);
}

static CURLoption option(enum curlshim_setting setting) {
  switch (setting) {
    case CURLSHIM_CA_FILE: return CURLOPT_CAINFO;
    case CURLSHIM_CLIENT_CERT: return CURLOPT_SSLCERT;
    case CURLSHIM_CLIENT_KEY: return CURLOPT_SSLKEY;
    case CURLSHIM_PROXY: return CURLOPT_PROXY;
    case CURLSHIM_PROXY_USERNAME: return CURLOPT_PROXYUSERNAME;
    case CURLSHIM_PROXY_PASSWORD: return CURLOPT_PROXYPASSWORD;
    case CURLSHIM_USER_AGENT: return CURLOPT_USERAGENT;
  }
  return CURLOPT_LASTENTRY;
}

bool curlshim_set(struct curlshim_pool *pool, enum curlshim_setting setting, const char *value) {
  for (size_t i = 0; i < pool->count; i++)
    if (curl_easy_setopt(pool->slots[i].easy, option(setting), value) != CURLE_OK) return false;
  // A custom CA file replaces the system's authorities, whose folder libcurl would otherwise still search.
  for (size_t i = 0; setting == CURLSHIM_CA_FILE && i < pool->count; i++)
    if (curl_easy_setopt(pool->slots[i].easy, CURLOPT_CAPATH, NULL) != CURLE_OK) return false;
  return true;
}

static CURLcode describe(
    struct slot *slot, const char *method, const char *url, const char *fields, const void *body, size_t body_count,
    int64_t timeout_ms, int64_t connect_timeout_ms) {
  CURL *easy = slot->easy;
  for (; *fields; fields += strlen(fields) + 1) {
    struct curl_slist *longer = curl_slist_append(slot->fields, fields);
    if (!longer) return CURLE_OUT_OF_MEMORY;
    slot->fields = longer;
  }
  if (!append(&slot->request, body, body_count)) return CURLE_OUT_OF_MEMORY;

  const bool head = !strcmp(method, "HEAD"), post = !strcmp(method, "POST");
  const bool has_body = post || (body_count && !head);
  CURLcode code = CURLE_OK;
#define SET(option, value) \
  if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value)
  SET(CURLOPT_URL, url);
  SET(CURLOPT_HTTPHEADER, slot->fields);
  // In this order: POSTFIELDS selects POST, the next two options override it and undo the last exchange's choice.
  SET(CURLOPT_POSTFIELDS, slot->request.start ? slot->request.start : "");
  SET(has_body ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
  SET(CURLOPT_NOBODY, head ? 1L : 0L);
  SET(CURLOPT_CUSTOMREQUEST, post || head ? NULL : method);
  SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_count);
  SET(CURLOPT_TIMEOUT_MS, (long)timeout_ms);
  SET(CURLOPT_CONNECTTIMEOUT_MS, (long)connect_timeout_ms);
  // Waiting for the first connection is worthwhile only if it may carry many exchanges: over TLS.
  SET(CURLOPT_PIPEWAIT, strncasecmp(url, "https:", 6) ? 0L : 1L);
#undef SET
  return code;
}

static void release(struct slot *slot) {
  if (slot->busy) curl_multi_remove_handle(slot->multi, slot->easy);
  slot->busy = false;
  curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, NULL);
  curl_slist_free_all(slot->fields);
  slot->fields = NULL;
  clear(&slot->request);
}

enum curlshim_fault curlshim_fault_of(CURLcode code) {
  switch (code) {
    case CURLE_OK: return CURLSHIM_NO_FAULT;
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_FAILED_INIT:
    case CURLE_LOGIN_DENIED:  // credentials in the URL
    case CURLE_NOT_BUILT_IN:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT: return CURLSHIM_UNUSABLE;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_USE_SSL_FAILED: return CURLSHIM_TLS;
    default: return CURLSHIM_FAILED;
  }
}

enum curlshim_fault curlshim_start(
    struct curlshim_pool *pool, size_t index, const char *method, const char *url, const char *fields, const void *body,
    size_t body_count, size_t most_answer_bytes, int64_t timeout_ms, int64_t connect_timeout_ms, bool once,
    const char **reason) {
  struct slot *slot = &pool->slots[index];
  clear(&slot->head);
  clear(&slot->answer);
  slot->sendings = 0;
  slot->once = once;
  slot->lost = false;
  slot->most_answer_bytes = most_answer_bytes;
  slot->head_ended = slot->head_too_large = slot->cut = false;
  slot->reason[0] = 0;
  replace_old_connections(pool);
  slot->multi = pool->multi;
  CURLcode code = describe(slot, method, url, fields, body, body_count, timeout_ms, connect_timeout_ms);
  if (code == CURLE_OK && curl_multi_add_handle(slot->multi, slot->easy) != CURLM_OK) code = CURLE_OUT_OF_MEMORY;
  slot->busy = code == CURLE_OK;
  *reason = slot->busy ? "" : curl_easy_strerror(code);
  if (!slot->busy) release(slot);
  return curlshim_fault_of(code);
}

bool curlshim_perform(struct curlshim_pool *pool) {
  int running;
  end_retired(pool);
  return curl_multi_perform(pool->multi, &running) == CURLM_OK &&
         (!pool->retiring || curl_multi_perform(pool->retiring, &running) == CURLM_OK);
}

bool curlshim_wait(struct curlshim_pool *pool, int timeout_ms) {
  // One wait covers only one of the two; the other is checked often enough.
  if (pool->retiring && timeout_ms > RETIRING_MS) timeout_ms = RETIRING_MS;
  struct curl_waitfd waker = {.fd = pool->waker, .events = CURL_WAIT_POLLIN};
  const bool done = curl_multi_poll(pool->multi, &waker, 1, timeout_ms, NULL) == CURLM_OK;
  uint64_t woken;
  if (waker.revents && read(pool->waker, &woken, sizeof woken) < 0 && errno != EAGAIN) return false;
  return done;
}

// Not `curl_multi_wakeup`: another thread must not touch a handle that this pool may be replacing.
void curlshim_wake(struct curlshim_pool *pool) {
  const uint64_t one = 1;
  // If the write fails, the counter is full, which also wakes the loop.
  if (write(pool->waker, &one, sizeof one) < 0) { }
}

// Under TLS 1.3 a server rejects a client certificate only after our handshake has ended and the request is sent. It
// does so in an alert, which libcurl reports as a failed read. Nobody has acted on the request then.
static bool refused_by_alert(const struct slot *slot, CURLcode code) {
  if (code != CURLE_RECV_ERROR && code != CURLE_SEND_ERROR) return false;
  if (slot->sendings != 1 || slot->head.count) return false;
  const char *alert = strstr(slot->reason, " alert ");
  return alert && (strstr(alert, "certificate") || strstr(alert, "unknown ca") || strstr(alert, "access denied") ||
                   strstr(alert, "handshake failure"));
}

// A connection that ends during the handshake says nothing about certificates: a restarting server does that, too.
static bool lost_in_handshake(const struct slot *slot, CURLcode code) {
  return code == CURLE_SSL_CONNECT_ERROR && (strstr(slot->reason, "SSL_ERROR_SYSCALL") ||
                                             strstr(slot->reason, "Recv failure") || strstr(slot->reason, "Send failure"));
}

// A server that rejects the rest of a request may answer and close at once, which resets the connection while the
// request is still being sent. The part of the answer that arrived counts, since nobody acts on part of a request. A
// 413 says so itself.
static bool refused_early(const struct slot *slot, CURLcode code, long status) {
  if (code != CURLE_RECV_ERROR && code != CURLE_SEND_ERROR && code != CURLE_PARTIAL_FILE && code != CURLE_HTTP2_STREAM)
    return false;
  if (!slot->head_ended || status < 400 || slot->sendings != 1) return false;
  curl_off_t sent = 0;
  curl_easy_getinfo(slot->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
  return status == 413 || (size_t)sent < slot->request.count;
}

// Reads libcurl's data about an exchange that has ended.
static void conclude(struct slot *slot, CURLcode code, struct curlshim_outcome *outcome) {
  long status = 0, request_bytes = 0, connect_errno = 0;
  curl_off_t elapsed_us = 0;
  curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(slot->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
  curl_easy_getinfo(slot->easy, CURLINFO_TOTAL_TIME_T, &elapsed_us);
  if (code == CURLE_COULDNT_CONNECT) curl_easy_getinfo(slot->easy, CURLINFO_OS_ERRNO, &connect_errno);
  // We ended an answer that was too long.
  if (slot->cut && code == CURLE_WRITE_ERROR) code = CURLE_OK;
  if (refused_early(slot, code, status)) {
    slot->cut = true;
    code = CURLE_OK;
  }
  // libcurl accepts a connection that is closed within the head, or after an interim answer.
  const bool headless = code == CURLE_OK && (!slot->head_ended || status < 200);
  if (headless) code = CURLE_PARTIAL_FILE;
  const bool refused = refused_by_alert(slot, code);
  const enum curlshim_fault kind = refused                        ? CURLSHIM_TLS
                                   : slot->head_too_large         ? CURLSHIM_HEAD_TOO_LARGE
                                   : lost_in_handshake(slot, code) ? CURLSHIM_FAILED
                                                                   : curlshim_fault_of(code);
  const char *reason = slot->lost        ? "the connection was closed before an answer"
                       : headless         ? "the connection was closed within the answer's head"
                       : code == CURLE_OK ? ""
                       : slot->reason[0]  ? slot->reason
                                          : curl_easy_strerror(code);
  *outcome = (struct curlshim_outcome){
      .slot = (size_t)(slot - slot->pool->slots),
      .fault = kind,
      // libcurl counts a proxy's CONNECT among the request's bytes, hence both conditions.
      .sent = !refused && (slot->sendings > 1 || (slot->sendings == 1 && request_bytes > 0)),
      .sendings = slot->sendings,
      .lost = slot->lost,
      .cut = slot->cut,
      .status = (int)status,
      .elapsed_us = elapsed_us,
      .reason = reason,
      .connect_errno = (int)connect_errno,
      .head = (const uint8_t *)slot->head.start,
      .head_count = slot->head.count,
      .body = (const uint8_t *)slot->answer.start,
      .body_count = slot->answer.count,
  };
  release(slot);
}

bool curlshim_next_outcome(struct curlshim_pool *pool, struct curlshim_outcome *outcome) {
  int left;
  CURLMsg *message;
  while ((message = curl_multi_info_read(pool->multi, &left)) ||
         (pool->retiring && (message = curl_multi_info_read(pool->retiring, &left)))) {
    if (message->msg != CURLMSG_DONE) continue;
    struct slot *slot;
    const CURLcode code = message->data.result;
    if (curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &slot) != CURLE_OK) continue;
    conclude(slot, code, outcome);
    return true;
  }
  return false;
}

void curlshim_forget(struct curlshim_pool *pool, size_t index) { clear(&pool->slots[index].answer); }

void curlshim_abort(struct curlshim_pool *pool, size_t index, struct curlshim_outcome *outcome) {
  conclude(&pool->slots[index], CURLE_ABORTED_BY_CALLBACK, outcome);
}

int64_t curlshim_moved(const struct curlshim_pool *pool, size_t index) {
  const struct slot *slot = &pool->slots[index];
  if (!slot->sendings) return -1;
  curl_off_t sent = 0;
  curl_easy_getinfo(slot->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
  const size_t received = slot->head.count + slot->answer.count;
  return (size_t)sent < slot->request.count || received ? (int64_t)sent + (int64_t)received : -1;
}
