/// What an upsertd before the queue's own clock left: a file of three items, of which two wait after a 503.
let version4Dump = """
  BEGIN TRANSACTION;
  CREATE TABLE age_warning (
    file_id TEXT NOT NULL PRIMARY KEY REFERENCES file (id) ON DELETE CASCADE,
    share INTEGER NOT NULL CHECK (share IN (1, 2))   -- 1: a tenth of max_age was over; 2: half
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE batch (
    -- Never given twice: what knows a batch that is gone must not take a new one for it.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    file_id TEXT NOT NULL REFERENCES file (id) ON DELETE CASCADE,
    position TEXT NOT NULL,             -- orders the batches of a file; halves add a digit
    target TEXT NOT NULL,
    items INTEGER NOT NULL CHECK (items > 0),
    bytes INTEGER NOT NULL,
    item_index BLOB NOT NULL,           -- number, line, place in the file and key of each item, packed
    attempts INTEGER NOT NULL DEFAULT 0,   -- requests sent, one under way included
    unanswered INTEGER NOT NULL DEFAULT 0, -- of them, without a whole answer, one under way included
    failures INTEGER NOT NULL DEFAULT 0,   -- in a row; sets the backoff
    misses INTEGER NOT NULL DEFAULT 0,     -- answers that did not name its items
    due_at_ms INTEGER NOT NULL DEFAULT 0,
    problem TEXT,                       -- why it waits
    UNIQUE (file_id, position)
  ) STRICT;
  CREATE TABLE body (
    batch_id INTEGER PRIMARY KEY REFERENCES batch (id) ON DELETE CASCADE,
    bytes BLOB NOT NULL
  , runs BLOB, checksum INTEGER) STRICT;
  CREATE TABLE file (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 26),
    inbox TEXT NOT NULL,
    name BLOB NOT NULL,                 -- as dropped; bytes
    state TEXT NOT NULL CHECK (state IN ('reading', 'queued', 'finishing')),
    received_at_ms INTEGER NOT NULL,
    completed_at_ms INTEGER,
    -- known once it was read
    format TEXT, shape TEXT, delimiter INTEGER, api TEXT, target TEXT, url TEXT,
    success_mode TEXT CHECK (success_mode IN ('Partial', 'Atomic')),
    ordering TEXT CHECK (ordering IN ('key', 'file', 'none')),
    file_bytes INTEGER NOT NULL DEFAULT 0,
    sha256 TEXT,
    corrects TEXT, duplicate_of TEXT,
    -- counts so far
    items INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    requests INTEGER NOT NULL DEFAULT 0,
    -- where the whole file could not be used
    error_code TEXT, error_message TEXT, error_line INTEGER, error_column INTEGER,
    CHECK (state <> 'queued' OR (target IS NOT NULL AND error_code IS NULL)),
    CHECK (accepted + rejected <= items OR state = 'reading'),
    CHECK (state <> 'finishing' OR accepted + rejected = items)
  ) STRICT;
  INSERT INTO "file" VALUES('01KAM3V2QG0000000000000001','in',X'612E6A736F6E','queued',1795000000000,NULL,NULL,NULL,NULL,'liquid','t','http://127.0.0.1/','Partial','key',0,NULL,NULL,NULL,3,1,0,0,2,NULL,NULL,NULL,NULL);
  CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
  INSERT INTO "grdb_migrations" VALUES('1');
  INSERT INTO "grdb_migrations" VALUES('2');
  INSERT INTO "grdb_migrations" VALUES('3');
  INSERT INTO "grdb_migrations" VALUES('4');
  CREATE TABLE history (
    file_id TEXT NOT NULL PRIMARY KEY,
    inbox TEXT NOT NULL, name BLOB NOT NULL, sha256 TEXT, status TEXT NOT NULL,
    received_at_ms INTEGER NOT NULL, completed_at_ms INTEGER NOT NULL,
    items INTEGER NOT NULL, accepted INTEGER NOT NULL, rejected INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE paused (kind TEXT NOT NULL CHECK (kind IN ('inbox', 'target')), name TEXT NOT NULL, PRIMARY KEY (kind, name))
    STRICT, WITHOUT ROWID;
  CREATE TABLE recent (
    file_id TEXT NOT NULL PRIMARY KEY, completed_at_ms INTEGER NOT NULL, receipt TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE refused (
    file_id TEXT NOT NULL REFERENCES file (id) ON DELETE CASCADE,
    item INTEGER NOT NULL, line INTEGER NOT NULL,
    source_start INTEGER NOT NULL, source_end INTEGER NOT NULL,   -- place in the file, after decompression
    key TEXT, code TEXT NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY (file_id, item)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE settled (
    file_id TEXT NOT NULL REFERENCES file (id) ON DELETE CASCADE,
    position TEXT NOT NULL,
    items INTEGER NOT NULL, accepted INTEGER NOT NULL, rejected INTEGER NOT NULL,
    attempts INTEGER NOT NULL, unanswered INTEGER NOT NULL,
    status INTEGER, request_id TEXT, sent_at_ms INTEGER,
    PRIMARY KEY (file_id, position)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO "settled" VALUES('01KAM3V2QG0000000000000001','00000001',1,1,0,1,0,201,'r',1795000001000);
  CREATE TABLE target (
    name TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('delivering', 'slowed', 'held')),
    reason TEXT, until_ms INTEGER
  ) STRICT;
  CREATE INDEX file_state ON file (state);
  CREATE INDEX file_sha256 ON file (inbox, sha256);
  CREATE INDEX history_sha256 ON history (inbox, sha256);
  CREATE INDEX batch_line ON batch (target, file_id, position, items, bytes);
  CREATE INDEX batch_postponed ON batch (file_id, due_at_ms, failures, problem) WHERE problem IS NOT NULL;
  DELETE FROM "sqlite_sequence";
  INSERT INTO "batch" (id,file_id,position,target,items,bytes,item_index,attempts,unanswered,failures,due_at_ms,problem) VALUES(7,'01KAM3V2QG0000000000000001','00000002','t',2,17,X'0404280807000000000000000002021408070000000000000000',1,0,1,1795000005000,'503');
  INSERT INTO "body" (batch_id,bytes) VALUES(7,X'5b7b226e223a327d2c7b226e223a337d5d');
  COMMIT;
  """
