// The short form, for every build: test/system/relay-killed-short.test.ts.
import { test } from 'node:test'
import { surviveKilledRelay } from './streams/survive-killed-relay.ts'

test('connections survive a relay that is killed every 10 s for two minutes: no reset, no lost byte', () =>
  surviveKilledRelay({ kills: 12, everyMs: 10_000, bytes: 1024 * 1_048_576 }))
