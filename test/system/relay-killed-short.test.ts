// The long form: test/chaos/relay-killed.test.ts.
import { test } from 'node:test'
import { surviveKilledRelay } from '../chaos/streams/survive-killed-relay.ts'
import { findPostgresPrograms } from './postgres-server.ts'
import { missingPrograms } from './run-program.ts'

const skip =
  missingPrograms({ psql: 'postgresql-client' }) ||
  (findPostgresPrograms() === undefined && 'NOT TESTED: no PostgreSQL server: apt install postgresql')

/** Half a minute, but a machine with much else to do needs 20 s for every start of a relay. */
const timeout = 300_000

test('connections survive a relay that is killed three times: no reset, no lost byte', { skip, timeout }, () =>
  surviveKilledRelay({ kills: 3, everyMs: 8_000, bytes: 200 * 1_048_576 }),
)
