import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { startTestProxy } from '@postern/testkit'
import { createRelayFetch } from './relay-fetch.ts'

async function startDoor(): Promise<{ readonly url: string; readonly asked: IncomingMessage[] } & AsyncDisposable> {
  const asked: IncomingMessage[] = []
  const server = createServer((request, response) => {
    asked.push(request)
    if (request.url === '/moved') return void response.writeHead(302, { Location: 'http://elsewhere.test/' }).end()
    if (request.url === '/nothing') return void response.writeHead(204).end()
    void text(request).then((body) => response.writeHead(201, { 'X-Kind': 'test' }).end(`${request.method} ${body}`))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://door.invalid:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}

const signal = AbortSignal.timeout(10_000)

for (const kind of ['http', 'socks5'] as const) {
  test(`${kind}: method, headers, text and status pass; the proxy alone knows the name`, async () => {
    await using door = await startDoor()
    await using proxy = await startTestProxy({ kind, names: { 'door.invalid': '127.0.0.1' } })
    const fetch = createRelayFetch(proxy.url)
    const headers = { Authorization: 'Bearer x', 'Content-Type': 'application/json' }
    const response = await fetch(`${door.url}/a?b=c`, { method: 'PUT', headers, body: '{"ü":1}', signal })
    assert.deepEqual([response.status, response.headers.get('x-kind')], [201, 'test'])
    assert.equal(await response.text(), 'PUT {"ü":1}')
    assert.equal(door.asked[0]!.headers.authorization, 'Bearer x')
    assert.equal(door.asked[0]!.url, '/a?b=c')
    assert.equal(door.asked[0]!.headers.host, new URL(door.url).host)
    const form = await fetch(door.url, { method: 'POST', body: new URLSearchParams({ a: 'b c' }), signal })
    assert.equal(await form.text(), 'POST a=b+c')
    assert.equal((await fetch(`${door.url}/nothing`, { signal })).status, 204)
    await assert.rejects(fetch(`${door.url}/moved`, { signal }), /redirect/)
  })
}

test('what a proxy answers comes out as its error', async () => {
  await using proxy = await startTestProxy({ kind: 'http', refuses: 403 })
  await assert.rejects(createRelayFetch(proxy.url)('http://door.invalid/', { signal }), { code: 'ProxyRefused' })
})

test('an aborted request ends', async () => {
  await using proxy = await startTestProxy({ kind: 'http' })
  const reason = new Error('no time')
  await assert.rejects(
    createRelayFetch(proxy.url)('http://door.invalid/', { signal: AbortSignal.abort(reason) }),
    (error) => (error as Error).name === 'AbortError' || error === reason,
  )
})
