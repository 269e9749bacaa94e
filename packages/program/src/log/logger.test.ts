import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../secret.ts'
import { createLogger, type LoggerOptions, silentLogger } from './logger.ts'

function recordingLogger(options: LoggerOptions = {}) {
  const lines: string[] = []
  const log = createLogger({ ...options, destination: { write: (line) => lines.push(line) } })
  return { log, lines, entries: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

test('a line is one JSON object with level, ISO time and event before the fields', () => {
  const { log, lines } = recordingLogger()
  log.info('listener.connected', { entity: 'demo', trackingId: 'a_G0' })
  assert.equal(lines.length, 1)
  const [line] = lines as [string]
  assert.ok(line.endsWith('}\n'))
  const entry = JSON.parse(line) as Record<string, unknown>
  assert.deepEqual(Object.keys(entry), ['level', 'time', 'event', 'entity', 'trackingId'])
  assert.equal(entry['level'], 'info')
  assert.equal(entry['event'], 'listener.connected')
  assert.equal(new Date(entry['time'] as string).toISOString(), entry['time'])
})

test('lines below the level are not written', () => {
  const { log, entries } = recordingLogger({ level: 'warn' })
  log.debug('a.debug')
  log.info('a.info')
  log.warn('a.warn')
  log.error('a.error')
  assert.deepEqual(
    entries().map((entry) => entry['event']),
    ['a.warn', 'a.error'],
  )
})

test('a child adds its fields to every line and the line itself wins', () => {
  const { log, entries } = recordingLogger()
  const child = log.child({ namespace: 'local', entity: 'a' }).child({ key: 'inner' })
  child.info('relay.closed', { entity: 'b' })
  const [{ namespace, entity, key }] = entries() as [Record<string, unknown>]
  assert.deepEqual({ namespace, entity, key }, { namespace: 'local', entity: 'b', key: 'inner' })
})

test('a field cannot stand in for time, level or event', () => {
  const { log, entries } = recordingLogger()
  log.child({ level: 'x' }).info('real.event', { event: 'forged', time: 'forged' })
  const [entry] = entries() as [Record<string, unknown>]
  assert.equal(entry['event'], 'real.event')
  assert.equal(entry['level'], 'info')
  assert.equal(entry['event_'], 'forged')
  assert.equal(entry['time_'], 'forged')
  assert.equal(entry['level_'], 'x')
})

test('no secret reaches a line, whatever field or text carries it', () => {
  for (const format of ['json', 'text'] as const) {
    const { log, lines } = recordingLogger({ format })
    const secret = 'Zm9vYmFy'
    log.child({ token: secret }).info('all.secrets', {
      key: new Secret(secret),
      list: [new Secret(secret)],
      headers: {
        ServiceBusAuthorization: secret,
        Authorization: `Bearer ${secret}`,
        'Proxy-Authorization': secret,
        cookie: secret,
        'sb-hc-token': secret,
      },
      url: `/$hc/demo?sb-hc-action=connect&sb-hc-token=SharedAccessSignature%20sr%3Dx%26sig%3D${secret}%253D&other=1`,
      connection: `Endpoint=sb://x/;SharedAccessKeyName=a;SharedAccessKey=${secret}=;EntityPath=demo`,
      sas: `SharedAccessSignature sr=x&sig=${secret}%3D&se=1&skn=a`,
      error: new Error(`refused: Bearer ${secret}`, { cause: { primaryKey: secret } }),
      map: new Map([['password', secret]]),
    })
    assert.equal(lines.length, 1)
    assert.doesNotMatch(lines[0]!, new RegExp(secret), format)
    assert.match(lines[0]!, /other=1/)
    assert.match(lines[0]!, /EntityPath=demo/)
  }
})

test('errors keep name, code, message, stack and cause', () => {
  const { log, entries } = recordingLogger()
  const cause = new TypeError('inner')
  log.error('storage.failed', { error: Object.assign(new Error('outer', { cause }), { code: 'EIO' }) })
  const error = entries()[0]!['error'] as Record<string, unknown>
  assert.equal(error['name'], 'Error')
  assert.equal(error['message'], 'outer')
  assert.equal(error['code'], 'EIO')
  assert.match(error['stack'] as string, /logger\.test/)
  assert.equal((error['cause'] as Record<string, unknown>)['name'], 'TypeError')
})

test('values that JSON cannot hold do not break a line', () => {
  const { log, entries } = recordingLogger()
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  log.info('odd.values', { loop, big: 1n, bytes: new Uint8Array(3), date: new Date(Number.NaN), nothing: undefined })
  const [entry] = entries() as [Record<string, unknown>]
  assert.equal(entry['big'], '1')
  assert.equal(entry['bytes'], '[3 bytes]')
  assert.equal(entry['date'], 'Invalid Date')
})

test('the text format keeps one line for each event and quotes what a stranger sent', () => {
  const { log, lines } = recordingLogger({ format: 'text' })
  log.warn('auth.refused', { entity: 'demo', reason: 'line\nfeed', count: 2 })
  assert.match(lines[0]!, /^\d{4}-\d\d-\d\dT[\d:.]+Z warn  auth\.refused entity=demo reason="line\\nfeed" count=2\n$/)
})

test('the silent logger takes everything and gives itself as child', () => {
  silentLogger.error('a')
  silentLogger.warn('a', { b: 1 })
  silentLogger.info('a')
  silentLogger.debug('a')
  assert.equal(silentLogger.child({ a: 1 }), silentLogger)
})

test('no control character of a stranger reaches a terminal by the text format', () => {
  const { log, lines } = recordingLogger({ format: 'text' })
  log.info('refused', { address: 'a\u001b[2J\u009b2J\u007f\u0085b\u2028c\rd', note: 'ü' })
  assert.match(lines[0] ?? '', /a\\u001b\[2J\\u009b2J\\u007f\\u0085b\\u2028c\\rd.* note="ü"\n$/)
})

test('a record gets every line as JSON, whatever people read', () => {
  const record: string[] = []
  const { log, lines } = recordingLogger({ format: 'text', record: { write: (line) => record.push(line) } })
  log.info('a.info', { key: new Secret('hidden'), n: 1 })
  assert.match(lines[0] ?? '', /a\.info key=/)
  assert.deepEqual([JSON.parse(record[0] ?? '').event, JSON.parse(record[0] ?? '').n], ['a.info', 1])
  assert.doesNotMatch(record.join(), /hidden/)
})
