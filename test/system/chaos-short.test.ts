// The long form: test/chaos/kill-at-random.test.ts.
import { test } from 'node:test'
import { killAtRandom } from '../chaos/kill-at-random.ts'
import { chaosSeed } from '../chaos/random.ts'

test('whoever is killed, the tunnel works again and nothing is left behind', () =>
  killAtRandom({ durationMs: 10_000, seed: chaosSeed(), carriers: 'off' }))

test('with carriers too, and connections go on when the relay comes back', () =>
  killAtRandom({ durationMs: 10_000, seed: chaosSeed(), carriers: 'auto' }))
