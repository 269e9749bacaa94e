import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Logger, silentLogger } from './logger.ts'
import { RareLines } from './rare-lines.ts'

function collect(): { readonly lines: RareLines; readonly said: string[]; readonly clock: { timeMs: number } } {
  const said: string[] = []
  const clock = { timeMs: 0 }
  const note =
    (level: string) =>
    (event: string, { name }: Record<string, unknown> = {}) =>
      void said.push(`${level} ${event} ${String(name)}`)
  const output: Logger = { ...silentLogger, warn: note('warn'), info: note('info'), debug: note('debug') }
  return { lines: new RareLines(output, () => clock.timeMs), said, clock }
}

const failed = (name: string, message = 'no way'): Record<string, unknown> => ({ relay: 'r', name, message })

test('a failure again is for debugging until a minute is over', () => {
  const { lines, said, clock } = collect()
  lines.warn('offline', failed('a'))
  clock.timeMs = 59_999
  lines.warn('offline', failed('a'))
  clock.timeMs = 60_000
  lines.warn('offline', failed('a'))
  assert.deepEqual(said, ['warn offline a', 'debug offline a', 'warn offline a'])
})

test('another failure, of another hybrid connection, or after a change, is said at once', () => {
  const { lines, said } = collect()
  lines.warn('offline', failed('a'))
  lines.warn('offline', failed('a', 'another reason'))
  lines.warn('offline', failed('b'))
  lines.info('online', { relay: 'r', name: 'a' })
  lines.warn('offline', failed('a'))
  lines.warn('offline', failed('b'))
  assert.deepEqual(said, [
    'warn offline a',
    'warn offline a',
    'warn offline b',
    'info online a',
    'warn offline a',
    'debug offline b',
  ])
})

test('lines without a message are all said, and what is remembered is bounded', () => {
  const { lines, said } = collect()
  for (let i = 0; i < 2; i += 1) lines.warn('odd', { relay: 'r', name: 'a' })
  assert.deepEqual(said.splice(0), ['warn odd a', 'warn odd a'])
  for (let i = 0; i <= 1_000; i += 1) lines.warn('offline', failed('a', String(i)))
  said.length = 0
  lines.warn('offline', failed('a', '0'))
  lines.warn('offline', failed('a', '1000'))
  assert.deepEqual(said, ['warn offline a', 'debug offline a'])
})
