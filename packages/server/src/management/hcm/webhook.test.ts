import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Secret, silentLogger } from '@postern/program'
import { Webhook, type WebhookOptions } from './webhook.ts'

interface Told {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A receiver whose answers the test gives, and what it was told. */
async function openReceiver(
  t: TestContext,
  answer: (told: readonly Told[], response: ServerResponse) => void,
): Promise<{ readonly url: string; readonly told: Told[]; waitFor(count: number): Promise<void> }> {
  const told: Told[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      told.push({ headers: request.headers, body })
      answer(told, response)
      server.emit('told')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    told,
    waitFor: async (count) => {
      while (told.length < count) await once(server, 'told', { signal: AbortSignal.timeout(5000) })
    },
  }
}

const secret = new Secret('0123456789abcdef')
const event = (id: string) => ({ id, event: 'hcm.offline', at: new Date(0), hcm: { name: 'site' } })

function openWebhook(t: TestContext, url: string, options: Partial<WebhookOptions> = {}): Webhook {
  const webhook = new Webhook({ url, secret, log: silentLogger, pausesMs: [1, 1, 1, 1], ...options })
  t.after(() => webhook.close())
  return webhook
}

test('an event is told as JSON with a signature over time and body', async (t) => {
  const receiver = await openReceiver(t, (_, response) => response.end())
  openWebhook(t, receiver.url, { now: () => new Date(1_700_000_000_999) }).notify(event('1'))
  await receiver.waitFor(1)
  const [{ headers, body } = { headers: {}, body: '' }] = receiver.told
  assert.deepEqual(JSON.parse(body), { ...event('1'), at: '1970-01-01T00:00:00.000Z' })
  assert.equal(headers['content-type'], 'application/json')
  const v1 = createHmac('sha256', '0123456789abcdef').update(`1700000000.${body}`).digest('hex')
  assert.equal(headers['postern-signature'], `t=1700000000,v1=${v1}`)
})

test('what fails is tried five times, the same event under the same id, then the next one', async (t) => {
  const receiver = await openReceiver(t, (told, response) => {
    response.writeHead(told.length <= 5 ? 500 : 200).end('x'.repeat(100_000))
  })
  const webhook = openWebhook(t, receiver.url)
  webhook.notify(event('1'))
  webhook.notify(event('2'))
  await receiver.waitFor(6)
  assert.deepEqual(
    receiver.told.map(({ body }) => (JSON.parse(body) as { id: string }).id),
    ['1', '1', '1', '1', '1', '2'],
  )
})

test('a redirect is not followed', async (t) => {
  const target = await openReceiver(t, (_, response) => response.end())
  const receiver = await openReceiver(t, (told, response) => {
    if (told.length === 2) response.end()
    else response.writeHead(307, { Location: target.url }).end()
  })
  openWebhook(t, receiver.url).notify(event('1'))
  await receiver.waitFor(2)
  assert.equal(target.told.length, 0)
})

test('a receiver that does not answer costs no more than the time-out', async (t) => {
  const receiver = await openReceiver(t, (told, response) => {
    if (told.length > 1) response.end()
  })
  openWebhook(t, receiver.url, { timeoutMs: 50 }).notify(event('1'))
  await receiver.waitFor(2)
})

test('of too many that wait the oldest are dropped', async (t) => {
  let first: ServerResponse | undefined
  const receiver = await openReceiver(t, (told, response) => {
    if (told.length === 1) first = response
    else response.end()
  })
  const webhook = openWebhook(t, receiver.url)
  webhook.notify(event('first'))
  await receiver.waitFor(1)
  for (let at = 0; at < 1002; at += 1) webhook.notify(event(String(at)))
  first?.end()
  await receiver.waitFor(2)
  assert.equal((JSON.parse(receiver.told[1]!.body) as { id: string }).id, '2')
})

test('closing gives up what is under way and what waits', async (t) => {
  const receiver = await openReceiver(t, () => {})
  const webhook = openWebhook(t, receiver.url, { pausesMs: [60_000] })
  webhook.notify(event('1'))
  webhook.notify(event('2'))
  await receiver.waitFor(1)
  await webhook.close()
  webhook.notify(event('3'))
  assert.equal(receiver.told.length, 1)
  const unreachable = openWebhook(t, 'http://127.0.0.1:1/', { pausesMs: [60_000] })
  unreachable.notify(event('4'))
  await unreachable.close()
})
