#include "CurlShim.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "CurlShimOnce.h"

struct reading {
  const char *next;
  size_t left;
};

// libcurl itself doubles a dot at the beginning of a line, and adds the last line with a dot.
static size_t read_text(char *buffer, size_t size, size_t count, void *context) {
  struct reading *reading = context;
  size_t part = size * count < reading->left ? size * count : reading->left;
  memcpy(buffer, reading->next, part);
  reading->next += part;
  reading->left -= part;
  return part;
}

static size_t ignore(char *part, size_t size, size_t count, void *context) {
  (void)part, (void)context;
  return size * count;
}

static int may_go_on(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  (void)a, (void)b, (void)c, (void)d;
  return __atomic_load_n((const int *)context, __ATOMIC_RELAXED);
}

static CURLcode describe(
    CURL *easy, const struct curlshim_mail *mail, struct curl_slist *recipients, struct reading *reading, char *reason) {
  CURLcode code = CURLE_OK;
#define SET(option, value) \
  if (code == CURLE_OK) code = curl_easy_setopt(easy, option, value)
  SET(CURLOPT_ERRORBUFFER, reason);
  SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  SET(CURLOPT_URL, mail->url);
  SET(CURLOPT_USE_SSL, mail->needs_tls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE);
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  SET(CURLOPT_SSL_VERIFYPEER, 1L);
  SET(CURLOPT_SSL_VERIFYHOST, 2L);
  if (mail->ca_file) {
    SET(CURLOPT_CAINFO, mail->ca_file);
    // It replaces the system's authorities, whose folder libcurl would otherwise still search.
    SET(CURLOPT_CAPATH, NULL);
  }
  if (mail->username) {
    SET(CURLOPT_USERNAME, mail->username);
    SET(CURLOPT_PASSWORD, mail->password ? mail->password : "");
  }
  // Without it, libcurl looks for a password in ~/.netrc.
  SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
  SET(CURLOPT_MAIL_FROM, mail->from);
  SET(CURLOPT_MAIL_RCPT, recipients);
  SET(CURLOPT_UPLOAD, 1L);
  SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->text_count);
  SET(CURLOPT_READFUNCTION, read_text);
  SET(CURLOPT_READDATA, reading);
  SET(CURLOPT_WRITEFUNCTION, ignore);
  SET(CURLOPT_HEADERFUNCTION, ignore);
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_PROXY, "");
  SET(CURLOPT_NOPROXY, "");
  SET(CURLOPT_QUICK_EXIT, 1L);
  SET(CURLOPT_TIMEOUT_MS, (long)mail->timeout_ms);
  SET(CURLOPT_CONNECTTIMEOUT_MS, (long)mail->connect_timeout_ms);
  SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(mail->timeout_ms / 1000 + 1));
  SET(CURLOPT_XFERINFOFUNCTION, may_go_on);
  SET(CURLOPT_XFERINFODATA, (void *)mail->stop);
  SET(CURLOPT_NOPROGRESS, 0L);
#undef SET
  return code;
}

void curlshim_send_mail(const struct curlshim_mail *mail, struct curlshim_mail_outcome *outcome) {
  *outcome = (struct curlshim_mail_outcome){.fault = CURLSHIM_FAILED};
  char reason[CURL_ERROR_SIZE] = "";
  CURL *easy = curlshim_usable() ? curl_easy_init() : NULL;
  struct curl_slist *recipients = curl_slist_append(NULL, mail->to);
  struct reading reading = {mail->text, mail->text_count};
  CURLcode code = CURLE_OUT_OF_MEMORY;
  if (easy && recipients) code = describe(easy, mail, recipients, &reading, reason);
  if (code == CURLE_OK) code = curl_easy_perform(easy);
  if (easy) {
    long reply = 0, connect_errno = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply);
    if (code == CURLE_COULDNT_CONNECT) curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &connect_errno);
    outcome->reply = (int)reply;
    outcome->connect_errno = (int)connect_errno;
  }
  outcome->fault = curlshim_fault_of(code);
  if (code != CURLE_OK)
    snprintf(outcome->reason, sizeof outcome->reason, "%s", reason[0] ? reason : curl_easy_strerror(code));
  curl_easy_cleanup(easy);
  curl_slist_free_all(recipients);
}

void curlshim_raise(int *stop) { __atomic_store_n(stop, 1, __ATOMIC_RELAXED); }

bool curlshim_is_raised(const int *stop) { return __atomic_load_n(stop, __ATOMIC_RELAXED); }
