import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Logger, silentLogger } from '@postern/program'
import { errorTable } from '@postern/protocol'
import { AuditTrail } from '../audit/audit-trail.ts'
import type { AuditRecord } from '../domain/audit-record.ts'
import { MemoryAuditStore } from '../storage/memory/memory-audit-store.ts'
import { Counters } from '../telemetry/counters.ts'
import { RefusalLog } from './refusal-log.ts'
import type { RefusalRecord } from './refusal-record.ts'

interface Line {
  readonly level: string
  readonly event: string
  readonly fields: Record<string, unknown>
}

interface Started {
  readonly log: RefusalLog
  readonly lines: Line[]
  readonly counters: Counters
  /** Oldest first. */
  readonly records: () => Promise<AuditRecord[]>
}

function start(context: TestContext): Started {
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
  const store = new MemoryAuditStore()
  const audit = new AuditTrail({ store, log: silentLogger, retentionMs: Number.MAX_SAFE_INTEGER, maxBytes: 1e9 })
  const records = async (): Promise<AuditRecord[]> =>
    (await store.query({ limit: 1000 })).map(({ record }) => record).toReversed()
  return { log: new RefusalLog({ counters, log: logger, audit }), lines, counters, records }
}

const refusal = (more: Partial<RefusalRecord> = {}): RefusalRecord => ({
  code: 'TokenMissing',
  stage: 'listen',
  trackingId: 'id_G0',
  remote: { address: '192.0.2.1', port: 4711 },
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

test('a flood of one network is summed up; others still have their lines, and so has the next window', async (context) => {
  const { log, lines, counters, records } = start(context)
  for (let at = 0; at < 5000; at++) log.record(refusal({ remote: { address: `2001:db8::${(at % 999) + 1}` } }))
  log.record(refusal({ remote: { address: '198.51.100.7' } }))
  assert.equal(lines.length, 101)
  context.mock.timers.tick(10_000)
  assert.equal(lines.length, 102)
  const { level, event, fields } = lines.at(-1)!
  assert.deepEqual([level, event], ['warn', 'refused.more'])
  const recorded = await records()
  assert.equal(recorded.length, 102)
  const { principal, action, result, reason, source } = recorded.at(-1)!
  assert.deepEqual(
    { principal, action, result, reason, source },
    {
      principal: 'unknown',
      action: 'refused.more',
      result: 'refused',
      reason: '4900 more refusals in 10 s: TokenMissing 4900',
      source: '2001:db8:0:0',
    },
  )
  assert.deepEqual(fields, { count: 4900, codes: { TokenMissing: 4900 }, seconds: 10, mostFrom: '2001:db8:0:0' })
  log.record(refusal({ remote: { address: '2001:db8::1' } }))
  assert.equal(lines.at(-1)?.event, 'refused')
  assert.equal(total(counters), 5002)
})

test('a flood of many networks is bounded too, in lines and in memory', (context) => {
  const { log, lines } = start(context)
  for (let at = 0; at < 20_000; at++) {
    log.record(
      refusal({ remote: { address: `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}` }, code: 'RequestMalformed' }),
    )
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

test('a record says who was refused what, as far as that is proven', async (context) => {
  const { log, records } = start(context)
  const principal = { kind: 'rule', scope: 'namespace', rule: 'in', key: 'primary' } as const
  log.record(refusal({ address: 'sb://h/a', status: 401 }))
  log.record(refusal({ code: 'RightMissing', reason: 'rule in lacks Listen', scope: '/subscriptions/s', principal }))
  const caller = { id: 'abc', principalIds: ['abc'], name: 'app:shop', kind: 'app', expiresAtMs: 0 } as const
  log.record(refusal({ code: 'RightMissing', reason: 'no', principal: { kind: 'caller', caller, role: 'none' } }))
  log.record(refusal({ code: 'AcceptTimeout', stage: 'connect', principal, wasAllowed: true }))
  const [first, ...others] = await records()
  assert.deepEqual(first, {
    kind: 'decision',
    at: new Date(),
    trackingId: 'id_G0',
    principal: 'anonymous',
    action: 'listen',
    scope: 'sb://h/a',
    result: 'refused',
    reason: 'TokenMissing: The authorization header or token is missing',
    source: '192.0.2.1:4711',
    status: 401,
  })
  assert.deepEqual(
    others.map((each) => [each.principal, each.action, each.scope, each.result, each.reason]),
    [
      ['rule:namespace/in', 'listen', '/subscriptions/s', 'refused', 'RightMissing: rule in lacks Listen'],
      ['app:shop (abc)', 'listen', '', 'refused', 'RightMissing: no'],
      ['rule:namespace/in', 'connect', '', 'failed', `AcceptTimeout: ${errorTable.AcceptTimeout.message}`],
    ],
  )
})

test('what was refused before anything was asked, or only answers a rejection, is no decision', async (context) => {
  const { log, lines, records } = start(context)
  log.record(refusal({ code: 'HandshakeTimeout', stage: 'handshake' }))
  log.record(refusal({ code: 'RejectCompleted', stage: 'accept' }))
  assert.equal(lines.length, 2)
  assert.deepEqual(await records(), [])
})
