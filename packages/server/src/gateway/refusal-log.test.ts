import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Logger } from '@postern/program'
import { Counters } from '../telemetry/counters.ts'
import { RefusalLog, type RefusalRecord } from './refusal-log.ts'

interface Line {
  readonly level: string
  readonly event: string
  readonly fields: Record<string, unknown>
}

function start(context: TestContext): { log: RefusalLog; lines: Line[]; counters: Counters } {
  context.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const lines: Line[] = []
  const add =
    (level: string) =>
    (event: string, fields: Record<string, unknown> = {}): void =>
      void lines.push({ level, event, fields })
  const logger: Logger = {
    error: add('error'),
    warn: add('warn'),
    info: add('info'),
    debug: add('debug'),
    child: () => logger,
  }
  const counters = new Counters()
  return { log: new RefusalLog({ counters, log: logger }), lines, counters }
}

const refusal = (more: Partial<RefusalRecord> = {}): RefusalRecord => ({
  code: 'TokenMissing',
  stage: 'listen',
  trackingId: 'id_G0',
  remote: '192.0.2.1',
  ...more,
})

const total = (counters: Counters): number => [...counters.refusals()].reduce((sum, { count }) => sum + count, 0)

test('each refusal is a line and a count', (context) => {
  const { log, lines, counters } = start(context)
  log.record(refusal())
  log.record(refusal({ reason: 'why', address: 'sb://h/a', status: 401 }))
  assert.deepEqual(
    lines.map(({ level, event, fields }) => [level, event, fields['trackingId'], fields['reason'], fields['status']]),
    [
      ['info', 'refused', 'id_G0', 'The authorization header or token is missing', undefined],
      ['info', 'refused', 'id_G0', 'why', 401],
    ],
  )
  assert.equal(total(counters), 2)
})

test('a flood of one network is summed up; others still have their lines, and so has the next window', (context) => {
  const { log, lines, counters } = start(context)
  for (let at = 0; at < 5000; at++) log.record(refusal({ remote: `2001:db8::${(at % 999) + 1}` }))
  log.record(refusal({ remote: '198.51.100.7' }))
  assert.equal(lines.length, 101)
  context.mock.timers.tick(10_000)
  assert.equal(lines.length, 102)
  const { level, event, fields } = lines.at(-1)!
  assert.deepEqual([level, event], ['warn', 'refused.more'])
  assert.deepEqual(fields, { count: 4900, codes: { TokenMissing: 4900 }, seconds: 10, mostFrom: '2001:db8:0:0' })
  log.record(refusal({ remote: '2001:db8::1' }))
  assert.equal(lines.at(-1)?.event, 'refused')
  assert.equal(total(counters), 5002)
})

test('a flood of many networks is bounded too, in lines and in memory', (context) => {
  const { log, lines } = start(context)
  for (let at = 0; at < 20_000; at++) {
    log.record(refusal({ remote: `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`, code: 'RequestMalformed' }))
  }
  assert.equal(lines.length, 1000)
  log.close()
  assert.deepEqual(lines.at(-1)?.fields, {
    count: 19_000,
    codes: { RequestMalformed: 19_000 },
    seconds: 10,
    mostFrom: undefined,
  })
  log.close()
  assert.equal(lines.length, 1001)
})
