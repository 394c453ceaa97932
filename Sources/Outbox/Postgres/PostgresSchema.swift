internal import Core
internal import Engine
internal import Foundation
internal import GRDB

/// The tables of an outbox on PostgreSQL: the same as in SQLite, in their newest form.
///
/// Texts sort by their bytes, whatever the database's language. Numbers are all of eight bytes, so that an argument has the
/// same type wherever it is used.
enum PostgresSchema {
  static let version: Int64 = 1

  /// Creates the tables, or checks that they are those of this version.
  ///
  /// Two daemons may do so at once: the second waits for the first one's row and finds it.
  static func prepare(_ db: Connection, place: String) throws {
    try db.execute(
      sql: """
        CREATE TABLE IF NOT EXISTS upsertd_schema (
          id BIGINT PRIMARY KEY CHECK (id = 1), version BIGINT NOT NULL, written_by TEXT NOT NULL)
        """)
    try db.execute(
      sql: "INSERT INTO upsertd_schema (id, version, written_by) VALUES (1, 0, '') ON CONFLICT (id) DO NOTHING")
    let found = try Int64.fetchOne(db, sql: "SELECT version FROM upsertd_schema WHERE id = 1 FOR UPDATE") ?? 0
    guard found <= version else {
      throw OutboxError(
        .newer, path: place,
        reason: "it was written by a newer upsertd; install that version again, or name another database")
    }
    guard found < version else { return }
    for statement in statements { try db.execute(sql: statement) }
    try db.execute(sql: "INSERT INTO source_key (bytes) VALUES (?)", arguments: [Data(SourceKey.randomBytes())])
    try db.execute(sql: "UPDATE upsertd_schema SET version = ? WHERE id = 1", arguments: [version])
  }

  /// Whether somebody has created the tables; throws if a newer upsertd did.
  static func isPrepared(_ db: Connection, place: String) throws -> Bool {
    guard try Bool.fetchOne(db, sql: "SELECT to_regclass('upsertd_schema') IS NOT NULL") == true else { return false }
    let found = try Int64.fetchOne(db, sql: "SELECT version FROM upsertd_schema WHERE id = 1") ?? 0
    guard found <= version else {
      throw OutboxError(.newer, path: place, reason: "it was written by a newer upsertd; install that version")
    }
    return found > 0
  }

  /// `TEXT COLLATE "C"`: sorted by bytes.
  private static var statements: [String] {
    sql.replacing(" TEXT", with: " TEXT COLLATE \"C\"").components(separatedBy: "\n\n")
  }

  private static let sql = """
    CREATE TABLE file (
      id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 26),
      inbox TEXT NOT NULL,
      name BYTEA NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('reading', 'queued', 'finishing')),
      received_at_ms BIGINT NOT NULL,
      completed_at_ms BIGINT,
      claimed_at_ms BIGINT NOT NULL DEFAULT 0,
      owner TEXT, other_owners TEXT,
      is_cancelled BIGINT NOT NULL DEFAULT 0 CHECK (is_cancelled IN (0, 1)),
      waits_for_release BIGINT NOT NULL DEFAULT 0 CHECK (waits_for_release IN (0, 1)),
      line_id TEXT,
      format TEXT, shape TEXT, delimiter BIGINT, dialect TEXT, header_tag BIGINT,
      api TEXT, target TEXT, url TEXT,
      success_mode TEXT CHECK (success_mode IN ('Partial', 'Atomic')),
      ordering TEXT CHECK (ordering IN ('key', 'file', 'none')),
      lists_accepted BIGINT NOT NULL DEFAULT 0 CHECK (lists_accepted IN (0, 1)),
      file_bytes BIGINT NOT NULL DEFAULT 0,
      sha256 TEXT, corrects TEXT, duplicate_of TEXT, replay_of TEXT,
      completeness TEXT, warnings TEXT,
      items BIGINT NOT NULL DEFAULT 0,
      accepted BIGINT NOT NULL DEFAULT 0,
      unchanged BIGINT NOT NULL DEFAULT 0,
      rejected BIGINT NOT NULL DEFAULT 0,
      requests BIGINT NOT NULL DEFAULT 0,
      waiting_batches BIGINT NOT NULL DEFAULT 0,
      waiting_items BIGINT NOT NULL DEFAULT 0,
      waiting_bytes BIGINT NOT NULL DEFAULT 0,
      error_code TEXT, error_message TEXT, error_line BIGINT, error_column BIGINT,
      CHECK (state <> 'queued' OR (target IS NOT NULL AND error_code IS NULL)),
      CHECK (accepted + rejected <= items OR state = 'reading'),
      CHECK (state <> 'finishing' OR accepted + rejected = items)
    ) WITH (fillfactor = 70)

    CREATE INDEX file_state ON file (state)

    CREATE INDEX file_sha256 ON file (inbox, sha256)

    CREATE UNIQUE INDEX file_line ON file (line_id) WHERE line_id IS NOT NULL

    CREATE TABLE batch (
      id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      file_id TEXT NOT NULL REFERENCES file (id) ON DELETE CASCADE,
      position TEXT NOT NULL,
      target TEXT NOT NULL,
      items BIGINT NOT NULL CHECK (items > 0),
      bytes BIGINT NOT NULL,
      item_index BYTEA NOT NULL,
      attempts BIGINT NOT NULL DEFAULT 0,
      unanswered BIGINT NOT NULL DEFAULT 0,
      failures BIGINT NOT NULL DEFAULT 0,
      blames BIGINT NOT NULL DEFAULT 0,
      failed_at_ms BIGINT,
      began_hold BIGINT NOT NULL DEFAULT 0 CHECK (began_hold IN (0, 1)),
      misses BIGINT NOT NULL DEFAULT 0,
      due_at_ms BIGINT NOT NULL DEFAULT 0,
      problem TEXT,
      UNIQUE (file_id, position)
    ) WITH (fillfactor = 70)

    ALTER TABLE batch ALTER COLUMN item_index SET STORAGE EXTERNAL

    CREATE INDEX batch_line ON batch (target, file_id, position)

    CREATE INDEX batch_postponed ON batch (file_id, due_at_ms) WHERE problem IS NOT NULL

    CREATE INDEX batch_due ON batch (target, due_at_ms, file_id, position) WHERE problem IS NOT NULL

    CREATE TABLE body (
      batch_id BIGINT PRIMARY KEY REFERENCES batch (id) ON DELETE CASCADE,
      bytes BYTEA NOT NULL, runs BYTEA, checksum BIGINT, tags BYTEA
    )

    ALTER TABLE body ALTER COLUMN bytes SET STORAGE EXTERNAL

    CREATE FUNCTION upsertd_batch_added() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE file SET waiting_batches = waiting_batches + 1, waiting_items = waiting_items + NEW.items,
        waiting_bytes = waiting_bytes + NEW.bytes WHERE id = NEW.file_id;
      RETURN NULL;
    END $$

    CREATE TRIGGER batch_added AFTER INSERT ON batch FOR EACH ROW EXECUTE FUNCTION upsertd_batch_added()

    CREATE FUNCTION upsertd_batch_removed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE file SET waiting_batches = waiting_batches - 1, waiting_items = waiting_items - OLD.items,
        waiting_bytes = waiting_bytes - OLD.bytes WHERE id = OLD.file_id;
      RETURN NULL;
    END $$

    CREATE TRIGGER batch_removed AFTER DELETE ON batch FOR EACH ROW EXECUTE FUNCTION upsertd_batch_removed()

    CREATE TABLE settled (
      file_id TEXT NOT NULL REFERENCES file (id) ON DELETE CASCADE,
      position TEXT NOT NULL,
      items BIGINT NOT NULL, accepted BIGINT NOT NULL, rejected BIGINT NOT NULL,
      attempts BIGINT NOT NULL, unanswered BIGINT NOT NULL, ranges TEXT,
      status BIGINT, request_id TEXT, sent_at_ms BIGINT,
      PRIMARY KEY (file_id, position)
    )

    CREATE TABLE refused (
      file_id TEXT NOT NULL REFERENCES file (id) ON DELETE CASCADE,
      item BIGINT NOT NULL, line BIGINT NOT NULL,
      source_start BIGINT NOT NULL, source_end BIGINT NOT NULL,
      key TEXT, code TEXT NOT NULL, message TEXT NOT NULL, tag BIGINT,
      PRIMARY KEY (file_id, item)
    )

    CREATE TABLE accepted (
      file_id TEXT NOT NULL REFERENCES file (id) ON DELETE CASCADE,
      first_item BIGINT NOT NULL,
      position TEXT NOT NULL,
      answered_at_ms BIGINT,
      items BYTEA NOT NULL,
      PRIMARY KEY (file_id, first_item)
    )

    CREATE TABLE operator_order (
      id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      file_id TEXT NOT NULL REFERENCES file (id) ON DELETE CASCADE,
      at_ms BIGINT NOT NULL, name TEXT NOT NULL, given_by TEXT NOT NULL
    )

    CREATE INDEX operator_order_file ON operator_order (file_id)

    CREATE TABLE age_warning (
      file_id TEXT NOT NULL PRIMARY KEY REFERENCES file (id) ON DELETE CASCADE,
      share BIGINT NOT NULL CHECK (share IN (1, 2))
    )

    CREATE TABLE history (
      file_id TEXT NOT NULL PRIMARY KEY,
      inbox TEXT NOT NULL, name BYTEA NOT NULL, sha256 TEXT, status TEXT NOT NULL,
      received_at_ms BIGINT NOT NULL, completed_at_ms BIGINT NOT NULL,
      items BIGINT NOT NULL, accepted BIGINT NOT NULL, rejected BIGINT NOT NULL,
      receipt_sha256 TEXT, replay_of TEXT, owners TEXT, fault TEXT
    )

    CREATE INDEX history_sha256 ON history (inbox, sha256)

    CREATE INDEX history_replay ON history (replay_of) WHERE replay_of IS NOT NULL

    CREATE TABLE recent (file_id TEXT NOT NULL PRIMARY KEY, completed_at_ms BIGINT NOT NULL, receipt TEXT NOT NULL)

    CREATE TABLE target (
      name TEXT NOT NULL PRIMARY KEY,
      state TEXT NOT NULL, reason TEXT, until_ms BIGINT, advice TEXT, remedy TEXT,
      is_unreachable BIGINT NOT NULL DEFAULT 0 CHECK (is_unreachable IN (0, 1))
    )

    CREATE TABLE paused (kind TEXT NOT NULL CHECK (kind IN ('inbox', 'target')), name TEXT NOT NULL, PRIMARY KEY (kind, name))

    CREATE TABLE clock (
      id BIGINT PRIMARY KEY CHECK (id = 1),
      boot_id TEXT NOT NULL, boot_ms BIGINT NOT NULL, wall_ms BIGINT NOT NULL, queue_ms BIGINT NOT NULL
    )

    CREATE TABLE key_rule (inbox TEXT NOT NULL PRIMARY KEY, rule TEXT NOT NULL)

    CREATE TABLE source_key (
      id BIGINT PRIMARY KEY DEFAULT 1 CHECK (id = 1), bytes BYTEA NOT NULL CHECK (length(bytes) = 16)
    )

    CREATE TABLE expected (
      inbox TEXT NOT NULL, match TEXT NOT NULL, ordinal BIGINT NOT NULL, snapshot TEXT NOT NULL,
      PRIMARY KEY (inbox, match, ordinal)
    )

    CREATE TABLE expectation_alarm (
      id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      at_ms BIGINT NOT NULL, inbox TEXT NOT NULL, match TEXT NOT NULL, ordinal BIGINT NOT NULL,
      kind TEXT NOT NULL, day TEXT NOT NULL, file_id TEXT, message TEXT NOT NULL
    )

    CREATE TABLE replay (
      file_id TEXT NOT NULL PRIMARY KEY CHECK (length(file_id) = 26),
      replay_of TEXT NOT NULL, owner TEXT NOT NULL, other_owners TEXT NOT NULL
    )

    CREATE TABLE receiver (
      name TEXT NOT NULL PRIMARY KEY,
      events TEXT NOT NULL,
      waiting BIGINT NOT NULL DEFAULT 0,
      waiting_bytes BIGINT NOT NULL DEFAULT 0,
      overflowed BIGINT NOT NULL DEFAULT 0,
      expired BIGINT NOT NULL DEFAULT 0,
      failure TEXT, failing_since_ms BIGINT, failed_at_ms BIGINT
    )

    CREATE TABLE notice (
      id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      receiver TEXT NOT NULL REFERENCES receiver (name) ON DELETE CASCADE,
      notice_id TEXT NOT NULL,
      event TEXT NOT NULL, at_ms BIGINT NOT NULL,
      inbox TEXT, target TEXT, file_id TEXT,
      message TEXT NOT NULL,
      receipt TEXT,
      queued_at_ms BIGINT,
      UNIQUE (receiver, notice_id)
    )

    CREATE INDEX notice_order ON notice (receiver, id)

    CREATE FUNCTION upsertd_notice_added() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE receiver SET waiting = waiting + 1, waiting_bytes = waiting_bytes + coalesce(length(NEW.receipt), 0)
        WHERE name = NEW.receiver;
      RETURN NULL;
    END $$

    CREATE TRIGGER notice_added AFTER INSERT ON notice FOR EACH ROW EXECUTE FUNCTION upsertd_notice_added()

    CREATE FUNCTION upsertd_notice_removed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      UPDATE receiver SET waiting = waiting - 1, waiting_bytes = waiting_bytes - coalesce(length(OLD.receipt), 0)
        WHERE name = OLD.receiver;
      RETURN NULL;
    END $$

    CREATE TRIGGER notice_removed AFTER DELETE ON notice FOR EACH ROW EXECUTE FUNCTION upsertd_notice_removed()

    CREATE TABLE hold (
      target TEXT NOT NULL PRIMARY KEY, since_ms BIGINT NOT NULL,
      is_told BIGINT NOT NULL DEFAULT 0 CHECK (is_told IN (0, 1))
    )

    CREATE TABLE receipts_known_since (at_ms BIGINT NOT NULL)

    INSERT INTO receipts_known_since SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)
    """
}
