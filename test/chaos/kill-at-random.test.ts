// The short form, for every build: test/system/chaos-short.test.ts.
import { test } from 'node:test'
import { killAtRandom } from './kill-at-random.ts'
import { chaosSeed } from './random.ts'

const durationMs = Number(process.env['POSTERN_CHAOS_SECONDS'] ?? 120) * 1000

test('whoever is killed at random, the tunnel works again and nothing is left behind', () =>
  killAtRandom({ durationMs, seed: chaosSeed(), carriers: 'off' }))

test('with carriers too, and connections go on when the relay comes back', () =>
  killAtRandom({ durationMs, seed: chaosSeed(), carriers: 'auto' }))
