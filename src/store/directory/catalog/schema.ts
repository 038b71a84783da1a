/**
 * The index of a directory store. Keys are BLOBs of UTF-8, which SQLite compares byte by byte: that is S3's
 * order. Times are milliseconds since the epoch. Every id comes from `sequence`, so that ids grow with time
 * and a piece's owner is one version or one part.
 */
export const SCHEMA = `
CREATE TABLE sequence (value INTEGER NOT NULL) STRICT;
INSERT INTO sequence VALUES (0);

CREATE TABLE bucket (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  versioning TEXT CHECK (versioning IN ('Enabled', 'Suspended')),
  object_lock INTEGER NOT NULL DEFAULT 0,
  default_retention TEXT,
  lifecycle TEXT,
  tags TEXT
) STRICT;

-- One row a version; a bucket without versioning has one null version a key.
CREATE TABLE version (
  id INTEGER PRIMARY KEY,
  bucket INTEGER NOT NULL REFERENCES bucket,
  key BLOB NOT NULL,
  is_null INTEGER NOT NULL,
  current INTEGER NOT NULL,
  marker INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  length INTEGER NOT NULL,
  etag TEXT NOT NULL,
  storage_class TEXT,
  checksum_algorithm TEXT,
  checksum_type TEXT,
  metadata TEXT NOT NULL,
  content_disposition TEXT,
  tags TEXT,
  lock_mode TEXT,
  lock_until INTEGER,
  legal_hold INTEGER
) STRICT;
CREATE UNIQUE INDEX version_order ON version (bucket, key, id DESC, is_null);
-- All that a listing shows, so that a page reads neither metadata nor older versions.
CREATE UNIQUE INDEX version_listed ON version
  (bucket, key, modified, length, etag, storage_class, checksum_algorithm, checksum_type)
  WHERE current = 1 AND marker = 0;

CREATE TABLE upload (
  id INTEGER PRIMARY KEY,
  bucket INTEGER NOT NULL REFERENCES bucket,
  key BLOB NOT NULL,
  initiated INTEGER NOT NULL,
  object TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX upload_order ON upload (bucket, key, id);

CREATE TABLE part (
  upload INTEGER NOT NULL REFERENCES upload,
  number INTEGER NOT NULL,
  id INTEGER NOT NULL,
  length INTEGER NOT NULL,
  etag TEXT NOT NULL,
  PRIMARY KEY (upload, number)
) STRICT, WITHOUT ROWID;

-- Uploads completed not long ago, so that a Complete sent again gets the first one's answer.
CREATE TABLE completion (
  id INTEGER PRIMARY KEY,
  upload INTEGER NOT NULL UNIQUE,
  bucket INTEGER NOT NULL,
  key BLOB NOT NULL,
  at INTEGER NOT NULL,
  published TEXT NOT NULL
) STRICT;

-- Bytes [position, position + length) of a version or part are bytes [first, first + length) of a payload file.
CREATE TABLE piece (
  owner INTEGER NOT NULL,
  position INTEGER NOT NULL,
  length INTEGER NOT NULL,
  file INTEGER NOT NULL,
  first INTEGER NOT NULL,
  PRIMARY KEY (owner, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX piece_file ON piece (file);

-- Files that no piece names any more, to be removed from the disk.
CREATE TABLE garbage (id INTEGER PRIMARY KEY, file INTEGER NOT NULL) STRICT;

-- A process that has the store open, by the name of its claim.
CREATE TABLE session (id INTEGER PRIMARY KEY, claim TEXT NOT NULL UNIQUE) STRICT;
-- Blocks of file numbers in which a session may have files that no piece names yet.
CREATE TABLE block (number INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session) STRICT;
CREATE TABLE block_sequence (value INTEGER NOT NULL) STRICT;
INSERT INTO block_sequence VALUES (0);
-- Readers of many files: garbage with a greater id stays on the disk until they have ended.
CREATE TABLE pin (id INTEGER PRIMARY KEY, session INTEGER NOT NULL REFERENCES session) STRICT;

CREATE TABLE document (
  bucket INTEGER NOT NULL REFERENCES bucket,
  name TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (bucket, name)
) STRICT, WITHOUT ROWID;
`
