import type { DatabaseSync } from 'node:sqlite'

/**
 * Brings a database to the newest form, each step in a transaction of its own. What was released is never edited; the
 * number of steps done stands in `PRAGMA user_version`.
 *
 * @param migrations position is version minus one
 * @returns `newer` when the database was made by a program that knows more steps than this one: it is left alone.
 */
export function migrate(database: DatabaseSync, migrations: readonly string[]): 'done' | 'newer' {
  const done = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (done > migrations.length) return 'newer'
  for (const [index, statements] of migrations.entries()) {
    if (index < done) continue
    database.exec(`BEGIN IMMEDIATE; ${statements}; PRAGMA user_version = ${index + 1}; COMMIT`)
  }
  return 'done'
}

/** Of `postern.db`. */
export const documentMigrations: readonly string[] = [
  `CREATE TABLE document (
     key TEXT PRIMARY KEY NOT NULL,
     revision INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE setting (
     name TEXT PRIMARY KEY NOT NULL,
     value ANY NOT NULL
   ) STRICT, WITHOUT ROWID;
   INSERT INTO setting VALUES ('revision', 0)`,
]

/**
 * Of `audit.db`. What is asked for is computed from the text that the hash covers: it cannot be changed apart from it. The
 * anchor is the last record that was deleted.
 */
export const auditMigrations: readonly string[] = [
  `CREATE TABLE record (
     sequence INTEGER PRIMARY KEY NOT NULL,
     hash TEXT NOT NULL,
     text TEXT NOT NULL,
     at TEXT NOT NULL GENERATED ALWAYS AS (text ->> '$.at') VIRTUAL,
     kind TEXT NOT NULL GENERATED ALWAYS AS (text ->> '$.kind') VIRTUAL,
     principal TEXT NOT NULL GENERATED ALWAYS AS (text ->> '$.principal') VIRTUAL,
     scope TEXT COLLATE NOCASE NOT NULL GENERATED ALWAYS AS (text ->> '$.scope') VIRTUAL,
     result TEXT NOT NULL GENERATED ALWAYS AS (text ->> '$.result') VIRTUAL
   ) STRICT;
   CREATE INDEX record_at ON record (at);
   CREATE INDEX record_kind ON record (kind, at);
   CREATE INDEX record_principal ON record (principal, at);
   CREATE INDEX record_scope ON record (scope, at);
   CREATE TABLE anchor (
     id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
     sequence INTEGER NOT NULL,
     hash TEXT NOT NULL
   ) STRICT;
   INSERT INTO anchor VALUES (1, 0, '${'0'.repeat(64)}')`,
]
