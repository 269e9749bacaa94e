import type { DatabaseSync } from 'node:sqlite'

/**
 * Brings a database to the newest form, each step in a transaction of its own. What was released is never edited; the
 * number of steps done stands in `PRAGMA user_version`.
 *
 * @returns `newer` when the database was made by a program that knows more steps than this one: it is left alone.
 */
export function migrate(database: DatabaseSync): 'done' | 'newer' {
  const done = Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
  if (done > migrations.length) return 'newer'
  for (const [index, statements] of migrations.entries()) {
    if (index < done) continue
    database.exec(`BEGIN IMMEDIATE; ${statements}; PRAGMA user_version = ${index + 1}; COMMIT`)
  }
  return 'done'
}

/** Position is version minus one. */
const migrations: readonly string[] = [
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
