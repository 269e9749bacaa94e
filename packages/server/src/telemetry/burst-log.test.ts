import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createLogger } from '@postern/program'
import { BurstLog } from './burst-log.ts'

function start(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const lines: Record<string, unknown>[] = []
  const log = createLogger({ destination: { write: (line) => lines.push(JSON.parse(line)) } })
  const linesOf = (event: string) => lines.filter((line) => line['event'] === event)
  return { burst: new BurstLog(log), lines, linesOf }
}

test('a hundred lines of an event in a second are written as they come', (t) => {
  const { burst, lines } = start(t)
  for (let second = 0; second < 3; second++) {
    for (let i = 0; i < 100; i++) burst.info('listener.connected', 'ns/a', { i })
    t.mock.timers.tick(1_000)
  }
  assert.equal(lines.length, 300)
})

test('lines beyond the hundredth are left out, and one line says how many and what most were about', (t) => {
  const { burst, linesOf } = start(t)
  for (let i = 0; i < 100; i++) burst.info('listener.connected', 'ns/a', { i })
  for (let i = 0; i < 7; i++) burst.info('listener.connected', 'ns/a', { i })
  for (let i = 0; i < 30; i++) burst.info('listener.connected', 'ns/b', { i })
  assert.equal(linesOf('listener.connected').length, 100)
  assert.equal(linesOf('listener.connected.more').length, 0)
  t.mock.timers.tick(1_000)
  const [{ count, seconds, mostAbout } = {}, ...others] = linesOf('listener.connected.more')
  assert.deepEqual([count, seconds, mostAbout, others.length], [37, 1, 'ns/b', 0])
  burst.info('listener.connected', 'ns/a', {})
  assert.equal(linesOf('listener.connected').length, 101)
})

test('a flood of one event takes no line from another', (t) => {
  const { burst, linesOf } = start(t)
  for (let i = 0; i < 1_000; i++) burst.info('listener.connected', 'ns/a', {})
  burst.info('listener.disconnected', 'ns/a', { code: 1000 })
  assert.equal(linesOf('listener.disconnected').length, 1)
})

test('what was left out is told before the end', (t) => {
  const { burst, linesOf } = start(t)
  for (let i = 0; i < 101; i++) burst.info('listener.connected', 'ns/a', {})
  burst.close()
  assert.equal(linesOf('listener.connected.more')[0]?.['count'], 1)
})
