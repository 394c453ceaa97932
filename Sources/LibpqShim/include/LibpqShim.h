/* PostgreSQL's client library, loaded when it is first needed: whoever queues in SQLite does not need to have it. */
#ifndef LIBPQ_SHIM_H
#define LIBPQ_SHIM_H

#include <stddef.h>

typedef struct libpqshim_connection libpqshim_connection;
typedef struct libpqshim_result libpqshim_result;

/* What became of a statement. */
enum {
  LIBPQSHIM_DONE = 0,
  LIBPQSHIM_FAILED = 1,
  /* Also where nothing could be sent, or no memory was left. */
  LIBPQSHIM_LOST = 2,
};

/* One argument in text or, with `is_binary`, as bytes; a NULL `value` is NULL. `type` is an OID, 0 if the server shall find it. */
typedef struct {
  const char *value;
  int length;
  int is_binary;
  unsigned type;
} libpqshim_argument;

/* Loads the library once. Returns NULL, or why it can't be used; the text is valid for ever. */
const char *libpqshim_load(void);

/* Connects, and blocks meanwhile. `keywords` and `values` are arrays that end with NULL. Never NULL but without memory; whether it
   worked, libpqshim_is_alive says. */
libpqshim_connection *libpqshim_connect(const char *const *keywords, const char *const *values);
void libpqshim_close(libpqshim_connection *connection);
int libpqshim_is_alive(libpqshim_connection *connection);
/* The last error, valid until the next call. */
const char *libpqshim_error(libpqshim_connection *connection);

/* Runs statements without arguments, separated by semicolons; the result, in text, is that of the last one, or of the first that
   fails. */
libpqshim_result *libpqshim_run(libpqshim_connection *connection, const char *statements);
/* Runs one statement; its result is in the binary form of each column's type. */
libpqshim_result *libpqshim_execute(libpqshim_connection *connection, const char *statement,
                                    const libpqshim_argument *arguments, int count);

int libpqshim_outcome(libpqshim_connection *connection, libpqshim_result *result);
/* Five characters, or NULL: https://www.postgresql.org/docs/15/errcodes-appendix.html */
const char *libpqshim_sqlstate(libpqshim_result *result);
/* The message without details, which may quote values. */
const char *libpqshim_message(libpqshim_result *result);
long long libpqshim_changes(libpqshim_result *result);

int libpqshim_rows(libpqshim_result *result);
int libpqshim_columns(libpqshim_result *result);
const char *libpqshim_column_name(libpqshim_result *result, int column);
unsigned libpqshim_column_type(libpqshim_result *result, int column);
/* NULL for NULL; valid as long as the result. */
const char *libpqshim_value(libpqshim_result *result, int row, int column, int *length);
void libpqshim_clear(libpqshim_result *result);

#endif
