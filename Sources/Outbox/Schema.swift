internal import Core
internal import Foundation
internal import GRDB

/// The tables of the outbox, for this program and for anyone using the `sqlite3` shell.
enum Schema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      try db.execute(sql: version1)
    }
    migrator.registerMigration("2") { db in
      try db.execute(sql: version2)
    }
    migrator.registerMigration("3") { db in
      try db.execute(sql: version3)
    }
    // Immediate: existing rows need no check beyond that of each statement.
    migrator.registerMigration("4", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: version4)
    }
    migrator.registerMigration("5-receipt-digest", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: receiptDigest)
    }
    migrator.registerMigration("6", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: version6)
    }
    migrator.registerMigration("7", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: version7)
      try db.execute(sql: "INSERT INTO source_key (bytes) VALUES (?)", arguments: [Data(SourceKey.randomBytes())])
    }
    migrator.registerMigration("8", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: version8)
    }
    migrator.registerMigration("9", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: version9)
    }
    migrator.registerMigration("10", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: version10)
    }
    migrator.registerMigration("11", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: version11)
    }
    migrator.registerMigration("12", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: version12)
    }
    migrator.registerMigration("13", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: version13)
    }
    migrator.registerMigration("14", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: version14)
    }
    migrator.registerMigration("15", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: version15)
    }
    migrator.registerMigration("16", foreignKeyChecks: .immediate) { db in
      try db.execute(sql: version16)
    }
    return migrator
  }

  static let tables = [
    "file", "batch", "body", "settled", "refused", "accepted", "operator_order", "history", "recent", "target",
    "paused",
    "key_rule", "replay", "clock", "source_key", "receiver", "notice", "hold", "expected", "expectation_alarm",
  ]

  /// Differences between the database and what its migrations create: SQLite trusts every name that it reads.
  static func faults(_ db: Database) throws -> [String] {
    guard let last = try migrator.appliedMigrations(db).last else {
      return try db.tableExists("file") ? ["its version is missing"] : []
    }
    let sound = try DatabaseQueue()
    try migrator.migrate(sound, upTo: last)
    let sql = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
    let (wanted, found) = (try sound.read { try Row.fetchAll($0, sql: sql) }, try Row.fetchAll(db, sql: sql))
    return Set(wanted).symmetricDifference(found).map { "\($0["name"] as DatabaseValue) is not as expected" }
      .sorted()
  }

  /// Times are milliseconds since 1970 in UTC; since version 6 `due_at_ms`, `until_ms` and `claimed_at_ms` are in the
  /// queue's clock.
  private static let version1 = """
    -- One row for each claimed file, from the beginning of its reading until its receipt is written.
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
    CREATE INDEX file_state ON file (state);
    CREATE INDEX file_sha256 ON file (inbox, sha256);

    -- One row for each request that still has to be answered for.
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
    CREATE INDEX batch_line ON batch (target, file_id, position);

    -- The request bodies, apart from the rows that are updated.
    CREATE TABLE body (
      batch_id INTEGER PRIMARY KEY REFERENCES batch (id) ON DELETE CASCADE,
      bytes BLOB NOT NULL
    ) STRICT;

    -- The requests that settled items: the receipt's "batches".
    CREATE TABLE settled (
      file_id TEXT NOT NULL REFERENCES file (id) ON DELETE CASCADE,
      position TEXT NOT NULL,
      items INTEGER NOT NULL, accepted INTEGER NOT NULL, rejected INTEGER NOT NULL,
      attempts INTEGER NOT NULL, unanswered INTEGER NOT NULL,
      status INTEGER, request_id TEXT, sent_at_ms INTEGER,
      PRIMARY KEY (file_id, position)
    ) STRICT, WITHOUT ROWID;

    -- The items that were refused, here or by the API.
    CREATE TABLE refused (
      file_id TEXT NOT NULL REFERENCES file (id) ON DELETE CASCADE,
      item INTEGER NOT NULL, line INTEGER NOT NULL,
      source_start INTEGER NOT NULL, source_end INTEGER NOT NULL,   -- place in the file, after decompression
      key TEXT, code TEXT NOT NULL, message TEXT NOT NULL,
      PRIMARY KEY (file_id, item)
    ) STRICT, WITHOUT ROWID;

    -- Finished files; tells repeated ones apart.
    CREATE TABLE history (
      file_id TEXT NOT NULL PRIMARY KEY,
      inbox TEXT NOT NULL, name BLOB NOT NULL, sha256 TEXT, status TEXT NOT NULL,
      received_at_ms INTEGER NOT NULL, completed_at_ms INTEGER NOT NULL,
      items INTEGER NOT NULL, accepted INTEGER NOT NULL, rejected INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX history_sha256 ON history (inbox, sha256);

    -- The last receipts, without their batches, at hand for `status`; all of them stand in their folders.
    CREATE TABLE recent (
      file_id TEXT NOT NULL PRIMARY KEY, completed_at_ms INTEGER NOT NULL, receipt TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- What the daemon last knew of its targets.
    CREATE TABLE target (
      name TEXT NOT NULL PRIMARY KEY,
      state TEXT NOT NULL CHECK (state IN ('delivering', 'slowed', 'held')),
      reason TEXT, until_ms INTEGER
    ) STRICT;

    -- What an operator paused; it outlives a restart.
    CREATE TABLE paused (kind TEXT NOT NULL CHECK (kind IN ('inbox', 'target')), name TEXT NOT NULL, PRIMARY KEY (kind, name))
      STRICT, WITHOUT ROWID;
    """

  /// Bodies need not hold bytes that are in the claimed file verbatim.
  private static let version2 = """
    ALTER TABLE body ADD COLUMN runs BLOB;        -- places in the claimed file that belong between the bytes, packed; NULL: none
    ALTER TABLE body ADD COLUMN checksum INTEGER; -- XXH64 of what stands there, and of the bytes
    """

  private static let version3 = """
    -- Files that people were warned of, since their items wait for long.
    CREATE TABLE age_warning (
      file_id TEXT NOT NULL PRIMARY KEY REFERENCES file (id) ON DELETE CASCADE,
      share INTEGER NOT NULL CHECK (share IN (1, 2))   -- 1: a tenth of max_age was over; 2: half
    ) STRICT, WITHOUT ROWID;
    """

  /// The digest of each receipt as it was written, and the time from which every receipt is known here.
  private static let receiptDigest = """
    ALTER TABLE history ADD COLUMN receipt_sha256 TEXT;   -- hexadecimal; NULL: finished by an upsertd that did not keep it
    CREATE TABLE receipts_known_since (at_ms INTEGER NOT NULL) STRICT;
    INSERT INTO receipts_known_since VALUES (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER));
    """

  /// Counts of waiting batches, and why they wait, from indexes alone: a batch's row is as large as a page. A batch
  /// that settles at its first try is never in the second index.
  private static let version4 = """
    DROP INDEX batch_line;
    CREATE INDEX batch_line ON batch (target, file_id, position, items, bytes);
    CREATE INDEX batch_postponed ON batch (file_id, due_at_ms, failures, problem) WHERE problem IS NOT NULL;
    """

  /// The queue's own clock; what earlier attempts mean for the next one; additional receipt fields.
  private static let version6 = """
    ALTER TABLE batch ADD COLUMN blames INTEGER NOT NULL DEFAULT 0;   -- failures put down to the batch itself
    ALTER TABLE batch ADD COLUMN failed_at_ms INTEGER;                -- its last failure, by the queue's clock
    ALTER TABLE batch ADD COLUMN began_hold INTEGER NOT NULL DEFAULT 0 CHECK (began_hold IN (0, 1));
    CREATE INDEX batch_due ON batch (target, due_at_ms, file_id, position) WHERE problem IS NOT NULL;

    ALTER TABLE file ADD COLUMN claimed_at_ms INTEGER NOT NULL DEFAULT 0;   -- by the queue's clock; ages count from here
    UPDATE file SET claimed_at_ms = received_at_ms;
    ALTER TABLE file ADD COLUMN owner TEXT;                           -- whose it was when it was dropped
    ALTER TABLE file ADD COLUMN is_cancelled INTEGER NOT NULL DEFAULT 0 CHECK (is_cancelled IN (0, 1));

    ALTER TABLE settled ADD COLUMN ranges TEXT;                       -- numbers of its items: [[first, last], …]

    -- What operators ordered for files under way.
    CREATE TABLE operator_order (
      id INTEGER PRIMARY KEY,
      file_id TEXT NOT NULL REFERENCES file (id) ON DELETE CASCADE,
      at_ms INTEGER NOT NULL,
      name TEXT NOT NULL,                 -- cancel, retry …
      given_by TEXT NOT NULL
    ) STRICT;
    CREATE INDEX operator_order_file ON operator_order (file_id);

    -- What the queue's clock showed last, and the machine's clocks at that moment.
    CREATE TABLE clock (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      boot_id TEXT NOT NULL, boot_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL, queue_ms INTEGER NOT NULL
    ) STRICT;

    -- What made the keys of the items that wait, by inbox.
    CREATE TABLE key_rule (inbox TEXT NOT NULL PRIMARY KEY, rule TEXT NOT NULL) STRICT, WITHOUT ROWID;
    """

  /// Totals of the waiting batches of each file, kept up to date: counting a million batches takes noticeably long.
  private static let version8 = """
    ALTER TABLE file ADD COLUMN waiting_batches INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE file ADD COLUMN waiting_items INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE file ADD COLUMN waiting_bytes INTEGER NOT NULL DEFAULT 0;
    UPDATE file SET (waiting_batches, waiting_items, waiting_bytes) =
      (SELECT count(*), coalesce(sum(items), 0), coalesce(sum(bytes), 0) FROM batch WHERE file_id = file.id);
    CREATE TRIGGER batch_added AFTER INSERT ON batch BEGIN
      UPDATE file SET waiting_batches = waiting_batches + 1, waiting_items = waiting_items + NEW.items,
        waiting_bytes = waiting_bytes + NEW.bytes WHERE id = NEW.file_id;
    END;
    CREATE TRIGGER batch_removed AFTER DELETE ON batch BEGIN
      UPDATE file SET waiting_batches = waiting_batches - 1, waiting_items = waiting_items - OLD.items,
        waiting_bytes = waiting_bytes - OLD.bytes WHERE id = OLD.file_id;
    END;
    """

  /// How a CSV is written, and what control totals and checksum say.
  private static let version9 = """
    ALTER TABLE file ADD COLUMN dialect TEXT;         -- how a CSV is written; NULL: read by an upsertd that did not keep it
    ALTER TABLE file ADD COLUMN completeness TEXT;    -- JSON: what should be and what was found; NULL: the route does not ask
    """

  /// Files that should come every day.
  private static let version10 = """
    -- What is known of them: one row for each entry of `expect`.
    CREATE TABLE expected (
      inbox TEXT NOT NULL,
      match TEXT NOT NULL,
      ordinal INTEGER NOT NULL,           -- tells entries of an inbox apart that have the same match
      snapshot TEXT NOT NULL,             -- JSON: days, and numbers of the sequence
      PRIMARY KEY (inbox, match, ordinal)
    ) STRICT, WITHOUT ROWID;

    -- The last alarms: missing, late, early, short, gap, repeat.
    CREATE TABLE expectation_alarm (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      at_ms INTEGER NOT NULL,
      inbox TEXT NOT NULL, match TEXT NOT NULL, ordinal INTEGER NOT NULL,
      kind TEXT NOT NULL,
      day TEXT NOT NULL,                  -- as the clocks of its time zone show it: 2026-11-21
      file_id TEXT,                       -- NULL: about no file, or about several
      message TEXT NOT NULL
    ) STRICT;
    """

  /// Files that were dropped again, those that wait for their release, and whose files are.
  private static let version11 = """
    ALTER TABLE file ADD COLUMN replay_of TEXT;       -- only of a replay: the file that was dropped again
    ALTER TABLE file ADD COLUMN other_owners TEXT;    -- JSON: who owned files that it corrects or repeats; NULL: nobody
    ALTER TABLE file ADD COLUMN waits_for_release INTEGER NOT NULL DEFAULT 0 CHECK (waits_for_release IN (0, 1));
    ALTER TABLE file ADD COLUMN line_id TEXT;         -- its place in the line, given at its release; NULL: that of its id
    CREATE UNIQUE INDEX file_line ON file (line_id) WHERE line_id IS NOT NULL;
    ALTER TABLE history ADD COLUMN replay_of TEXT;
    ALTER TABLE history ADD COLUMN owners TEXT;       -- JSON: owner and other owners; NULL: unknown
    UPDATE history SET owners = (
      SELECT CASE WHEN json_valid(receipt) THEN
        CASE WHEN json_extract(receipt, '$.file.owner') IS NOT NULL THEN json_array(json_extract(receipt, '$.file.owner')) END
      END FROM recent WHERE recent.file_id = history.file_id);
    CREATE INDEX history_replay ON history (replay_of) WHERE replay_of IS NOT NULL;

    -- Replays that were ordered: written before their files are in work/, and deleted when these are done.
    CREATE TABLE replay (
      file_id TEXT NOT NULL PRIMARY KEY CHECK (length(file_id) = 26),
      replay_of TEXT NOT NULL,
      owner TEXT NOT NULL,                -- who ordered it
      other_owners TEXT NOT NULL          -- JSON
    ) STRICT, WITHOUT ROWID;
    """

  /// Notices to people and other programs.
  private static let version12 = """
    -- Who is told, as the configuration has it; what failed there last, by the wall clock.
    CREATE TABLE receiver (
      name TEXT NOT NULL PRIMARY KEY,
      events TEXT NOT NULL,               -- the words of `on`, each between two blanks
      waiting INTEGER NOT NULL DEFAULT 0,        -- its rows in `notice`
      waiting_bytes INTEGER NOT NULL DEFAULT 0,  -- of their receipts
      overflowed INTEGER NOT NULL DEFAULT 0,     -- notices that were never queued, since too many waited
      expired INTEGER NOT NULL DEFAULT 0,        -- notices that were given up after `retry.max_age`
      failure TEXT, failing_since_ms INTEGER, failed_at_ms INTEGER   -- NULL: the last one was delivered
    ) STRICT, WITHOUT ROWID;

    -- What each of them has yet to be told, in this order.
    CREATE TABLE notice (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      receiver TEXT NOT NULL REFERENCES receiver (name) ON DELETE CASCADE,
      notice_id TEXT NOT NULL,            -- what the receiver sees; the same however often it is sent
      event TEXT NOT NULL, at_ms INTEGER NOT NULL,
      inbox TEXT, target TEXT, file_id TEXT,
      message TEXT NOT NULL,
      receipt TEXT,                       -- without batches; NULL: none, or those that wait are too large together
      queued_at_ms INTEGER,               -- by the queue's clock; NULL: not seen by what sends it
      UNIQUE (receiver, notice_id)
    ) STRICT;
    CREATE INDEX notice_order ON notice (receiver, id);
    CREATE TRIGGER notice_added AFTER INSERT ON notice BEGIN
      UPDATE receiver SET waiting = waiting + 1, waiting_bytes = waiting_bytes + coalesce(length(NEW.receipt), 0)
        WHERE name = NEW.receiver;
    END;
    CREATE TRIGGER notice_removed AFTER DELETE ON notice BEGIN
      UPDATE receiver SET waiting = waiting - 1, waiting_bytes = waiting_bytes - coalesce(length(OLD.receipt), 0)
        WHERE name = OLD.receiver;
    END;

    -- Targets on hold: since when, and whether it was told.
    CREATE TABLE hold (
      target TEXT NOT NULL PRIMARY KEY,
      since_ms INTEGER NOT NULL,          -- by the queue's clock
      is_told INTEGER NOT NULL DEFAULT 0 CHECK (is_told IN (0, 1))
    ) STRICT, WITHOUT ROWID;
    """

  /// What is known of accepted items until their results file is written.
  private static let version13 = """
    ALTER TABLE file ADD COLUMN lists_accepted INTEGER NOT NULL DEFAULT 0 CHECK (lists_accepted IN (0, 1));   -- results: all

    -- The accepted items of each settled batch, if the file lists them.
    CREATE TABLE accepted (
      file_id TEXT NOT NULL REFERENCES file (id) ON DELETE CASCADE,
      first_item INTEGER NOT NULL,        -- the lowest of their numbers
      position TEXT NOT NULL,             -- the batch's, as in settled
      answered_at_ms INTEGER,
      items BLOB NOT NULL,                -- number, line, outcome, key, and the API's id and version, packed
      PRIMARY KEY (file_id, first_item)
    ) STRICT;
    """

  /// What somebody should look at.
  private static let version14 = """
    ALTER TABLE file ADD COLUMN warnings TEXT;        -- JSON: a list of codes and messages; NULL: none
    """

  private static let version15 = """
    ALTER TABLE history ADD COLUMN fault TEXT;        -- why the whole file was rejected; NULL: it was not, or the receipt is older
    UPDATE history SET fault = (
      SELECT CASE WHEN json_valid(receipt) THEN
        json_extract(receipt, '$.error.message') || coalesce(', line ' || json_extract(receipt, '$.error.line'), '')
      END FROM recent WHERE recent.file_id = history.file_id);
    """

  /// What helps where a target delivers nothing.
  private static let version16 = """
    ALTER TABLE target ADD COLUMN advice TEXT;        -- what to correct; NULL: it may pass by itself
    ALTER TABLE target ADD COLUMN remedy TEXT;        -- what makes a correction count: retry, reload, restart
    ALTER TABLE target ADD COLUMN is_unreachable INTEGER NOT NULL DEFAULT 0 CHECK (is_unreachable IN (0, 1));
    """

  /// The tags that bytes read again are checked with.
  private static let version7 = """
    -- The secret that tags are made with; made once, and never anywhere else.
    CREATE TABLE source_key (
      id INTEGER PRIMARY KEY DEFAULT 1 CHECK (id = 1),
      bytes BLOB NOT NULL CHECK (length(bytes) = 16)
    ) STRICT;

    -- Tags are keyed hashes of bytes of the dropped file, as they were when they were checked; NULL: read by an upsertd that made none.
    ALTER TABLE body ADD COLUMN tags BLOB;          -- of each item, eight bytes; then checksum covers bytes, runs and tags
    ALTER TABLE refused ADD COLUMN tag INTEGER;
    ALTER TABLE file ADD COLUMN header_tag INTEGER; -- of a CSV's header row
    """
}
