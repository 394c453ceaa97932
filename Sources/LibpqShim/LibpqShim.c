#include "LibpqShim.h"

#include <dlfcn.h>
#include <postgresql/libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Only the types come from the header: nothing is linked. */
#define FUNCTIONS(each)                                                                                                \
  each(PQconnectdbParams) each(PQfinish) each(PQstatus) each(PQerrorMessage) each(PQexec) each(PQexecParams)           \
      each(PQresultStatus) each(PQresultErrorField) each(PQcmdTuples) each(PQntuples) each(PQnfields) each(PQfname)    \
          each(PQftype) each(PQgetvalue) each(PQgetisnull) each(PQgetlength) each(PQclear)                             \
              each(PQsetNoticeProcessor)

#define POINTER(name) static __typeof__(&name) load_##name;
FUNCTIONS(POINTER)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char fault[512];

static void load(void) {
  void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    snprintf(fault, sizeof fault, "PostgreSQL's library can't be loaded (%s): install Debian's package libpq5",
             reason ? reason : "no reason given");
    return;
  }
#define FIND(name)                                                                                                     \
  *(void **)&load_##name = dlsym(library, #name);                                                                      \
  if (!load_##name) {                                                                                                  \
    snprintf(fault, sizeof fault, "PostgreSQL's library libpq.so.5 has no " #name ": it is too old");                  \
    return;                                                                                                            \
  }
  FUNCTIONS(FIND)
}

const char *libpqshim_load(void) {
  pthread_once(&once, load);
  return fault[0] ? fault : NULL;
}

/* libpq would print notices to standard error. */
static void drop_notice(void *context, const char *message) {
  (void)context;
  (void)message;
}

static PGconn *real(libpqshim_connection *connection) { return (PGconn *)connection; }
static PGresult *plain(libpqshim_result *result) { return (PGresult *)result; }

libpqshim_connection *libpqshim_connect(const char *const *keywords, const char *const *values) {
  PGconn *connection = load_PQconnectdbParams(keywords, values, 1);
  if (connection) load_PQsetNoticeProcessor(connection, drop_notice, NULL);
  return (libpqshim_connection *)connection;
}

void libpqshim_close(libpqshim_connection *connection) { load_PQfinish(real(connection)); }

int libpqshim_is_alive(libpqshim_connection *connection) {
  return connection && load_PQstatus(real(connection)) == CONNECTION_OK;
}

const char *libpqshim_error(libpqshim_connection *connection) {
  return connection ? load_PQerrorMessage(real(connection)) : "no memory";
}

libpqshim_result *libpqshim_run(libpqshim_connection *connection, const char *statements) {
  return (libpqshim_result *)load_PQexec(real(connection), statements);
}

libpqshim_result *libpqshim_execute(libpqshim_connection *connection, const char *statement,
                                    const libpqshim_argument *arguments, int count) {
  size_t n = count > 0 ? (size_t)count : 1;
  const char **values = calloc(n, sizeof *values);
  int *lengths = calloc(n, sizeof *lengths), *formats = calloc(n, sizeof *formats);
  Oid *types = calloc(n, sizeof *types);
  PGresult *result = NULL;
  if (values && lengths && formats && types) {
    for (int i = 0; i < count; i++) {
      values[i] = arguments[i].value, lengths[i] = arguments[i].length;
      formats[i] = arguments[i].is_binary, types[i] = arguments[i].type;
    }
    result = load_PQexecParams(real(connection), statement, count, types, values, lengths, formats, 1);
  }
  free(values), free(lengths), free(formats), free(types);
  return (libpqshim_result *)result;
}

int libpqshim_outcome(libpqshim_connection *connection, libpqshim_result *result) {
  if (!result) return LIBPQSHIM_LOST;
  switch (load_PQresultStatus(plain(result))) {
  case PGRES_COMMAND_OK:
  case PGRES_TUPLES_OK:
  case PGRES_EMPTY_QUERY: return LIBPQSHIM_DONE;
  default: return libpqshim_is_alive(connection) ? LIBPQSHIM_FAILED : LIBPQSHIM_LOST;
  }
}

const char *libpqshim_sqlstate(libpqshim_result *result) {
  return result ? load_PQresultErrorField(plain(result), PG_DIAG_SQLSTATE) : NULL;
}

const char *libpqshim_message(libpqshim_result *result) {
  return result ? load_PQresultErrorField(plain(result), PG_DIAG_MESSAGE_PRIMARY) : NULL;
}

long long libpqshim_changes(libpqshim_result *result) {
  return result ? strtoll(load_PQcmdTuples(plain(result)), NULL, 10) : 0;
}

int libpqshim_rows(libpqshim_result *result) { return load_PQntuples(plain(result)); }
int libpqshim_columns(libpqshim_result *result) { return load_PQnfields(plain(result)); }
const char *libpqshim_column_name(libpqshim_result *result, int column) { return load_PQfname(plain(result), column); }
unsigned libpqshim_column_type(libpqshim_result *result, int column) { return load_PQftype(plain(result), column); }

const char *libpqshim_value(libpqshim_result *result, int row, int column, int *length) {
  if (load_PQgetisnull(plain(result), row, column)) return NULL;
  *length = load_PQgetlength(plain(result), row, column);
  return load_PQgetvalue(plain(result), row, column);
}

void libpqshim_clear(libpqshim_result *result) { load_PQclear(plain(result)); }
