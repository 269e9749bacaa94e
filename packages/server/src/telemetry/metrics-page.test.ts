import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Counters, EntityCounters } from './counters.ts'
import { Health } from './health.ts'
import { type MetricEntry, metricTable } from './metric-table.ts'
import { metricsMarkdown } from './metrics-markdown.ts'
import { MetricsPage, metricHelp } from './metrics-page.ts'

function relay() {
  const counters = new Counters()
  const health = new Health()
  const gauges = { pendingOffers: 0, unauthorizedConnections: 0 }
  const page = MetricsPage.ofRelay({
    counters,
    isReady: () => health.state === 'ready',
    version: '1.2.3',
    auditRecords: () => ({ written: 7, lost: 2 }),
    pendingOffers: () => gauges.pendingOffers,
    unauthorizedConnections: () => gauges.unauthorizedConnections,
  })
  const scrape = async (): Promise<string> => (await page.render()).text
  return { counters, health, gauges, page, scrape }
}

/** Values by series name with its labels. */
function seriesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

test('the page has exactly the metrics of the table, with kind and help, and the values have its labels', async () => {
  const { counters, scrape } = relay()
  counters.entity('local', 'demo')
  counters.refused('TokenExpired', 'listen')
  counters.ingress('local', 'web').refused('AddressNotAllowed')
  const text = await scrape()
  const expected = Object.entries<MetricEntry>(metricTable)
  assert.deepEqual(
    [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]),
    expected.map(([name, { kind }]) => [name, kind]),
  )
  assert.deepEqual(
    [...text.matchAll(/^# HELP (\w+) (.+)$/gm)].map(([, name, help]) => [name, help]),
    expected.map(([name, entry]) => [name, metricHelp(entry)]),
  )
  const series = [...seriesOf(text).keys()]
  for (const [name, { labels }] of expected) {
    if (name === 'process_open_fds' && process.platform !== 'linux') continue
    const own = series.filter((key) => key.replace(/\{.*/, '') === name)
    assert.equal(own.length, name === 'postern_messages_received_total' ? 2 : 1, name)
    assert.deepEqual(
      [...own[0]!.matchAll(/(\w+)="/g)].map(([, label]) => label),
      labels,
      name,
    )
  }
})

test('an ingress process has the metrics that the table gives it, and none of hybrid connections', async () => {
  const counters = new Counters()
  counters.ingress('local', 'web').bytes = 5
  counters.refused('AddressNotAllowed', 'ingress')
  const page = MetricsPage.ofIngressProcess({ counters, isReady: () => true, version: '1.2.3' })
  const { text } = await page.render()
  const expected = Object.entries<MetricEntry>(metricTable).filter(([, { inIngressProcess }]) => inIngressProcess)
  assert.ok(expected.length > 10)
  assert.deepEqual(
    [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name),
    expected.map(([name]) => name),
  )
  for (const [name, { labels }] of expected) assert.ok(!labels.includes('entity'), name)
  const series = seriesOf(text)
  assert.equal(series.get('postern_ingress_bytes_total{namespace="local",ingress="web"}'), 5)
  assert.equal(series.get('postern_refusals_total{code="AddressNotAllowed",stage="ingress"}'), 1)
  assert.equal(series.get('postern_ready'), 1)
})

test('a scrape shows the counters as they are at that moment', async () => {
  const { counters, health, gauges, scrape } = relay()
  const entity = counters.entity('local', 'demo')
  await scrape()
  entity.senderConnectionsSuccess = 4
  entity.senderConnectionsClientError = 2
  entity.senderConnectionsServerError = 1
  entity.bytesTransferred = 2 ** 40
  entity.activeListeners = 1
  gauges.pendingOffers = 7
  gauges.unauthorizedConnections = 8
  health.become('ready')
  const first = seriesOf(await scrape())
  const of = (name: string): string => `${name}{namespace="local",entity="demo"}`
  assert.equal(first.get(of('postern_sender_connections_success_total')), 4)
  assert.equal(first.get(of('postern_sender_connections_requests_total')), 7)
  assert.equal(first.get(of('postern_bytes_transferred_total')), 2 ** 40)
  assert.equal(first.get('postern_pending_offers'), 7)
  assert.equal(first.get('postern_unauthorized_connections'), 8)
  assert.equal(first.get('postern_audit_records_written_total'), 7)
  assert.equal(first.get('postern_audit_records_lost_total'), 2)
  assert.equal(first.get('postern_ready'), 1)
  entity.activeListeners = 0
  assert.equal(seriesOf(await scrape()).get(of('postern_active_listeners')), 0)
  counters.forget('local', 'demo')
  assert.doesNotMatch(await scrape(), /entity="demo"/)
})

test('every number that is counted for a hybrid connection reaches the page', async () => {
  const { counters, scrape } = relay()
  const entity = counters.entity('local', 'demo')
  const fields = Object.entries(new EntityCounters('', '')).filter(([, value]) => typeof value === 'number')
  for (const [index, [field]] of fields.entries()) Object.assign(entity, { [field]: 1000 + index })
  const values = new Set(seriesOf(await scrape()).values())
  for (const [index, [field]] of fields.entries()) assert.ok(values.has(1000 + index), field)
})

test('names of hybrid connections cannot break a line', async () => {
  const { counters, scrape } = relay()
  counters.entity('local', 'a"b\\c\nd')
  assert.match(await scrape(), /entity="a\\"b\\\\c\\nd"/)
})

test("each of Azure's metrics has its counterpart", () => {
  const azureNames = Object.values<MetricEntry>(metricTable).flatMap(({ azureName }) => azureName ?? [])
  assert.deepEqual(azureNames.toSorted(), [
    'ActiveConnections',
    'ActiveListeners',
    'BytesTransferred',
    'ListenerConnections-ClientError',
    'ListenerConnections-ServerError',
    'ListenerConnections-Success',
    'ListenerConnections-TotalRequests',
    'ListenerDisconnects',
    'SenderConnections-ClientError',
    'SenderConnections-ServerError',
    'SenderConnections-Success',
    'SenderConnections-TotalRequests',
    'SenderDisconnects',
  ])
})

test('counters end in _total and gauges do not', () => {
  for (const [name, { kind }] of Object.entries<MetricEntry>(metricTable)) {
    assert.equal(name.endsWith('_total'), kind === 'counter', name)
  }
})

test('docs/reference/metrics.md says what the table says', () => {
  const page = readFileSync(new URL('../../../../docs/reference/metrics.md', import.meta.url), 'utf8')
  assert.ok(page.includes(metricsMarkdown()), 'run tools/generate-docs.ts')
})
