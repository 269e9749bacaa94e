import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { signToken, startTestRelay, type TestRelay } from '@postern/testkit'
import { Bridge } from '../bridge.ts'

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

async function serve(handler: (request: IncomingMessage, response: ServerResponse) => unknown) {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const plain = { options: { tls: 'off' as const } }

async function startForward(relay: TestRelay, forward: string): Promise<Bridge> {
  const bridge = new Bridge({ relay: { connectionString: relay.access().listen, tls: false }, httpForwards: [forward] })
  await bridge.start()
  await bridge.online(AbortSignal.timeout(10_000))
  return bridge
}

async function call(
  relay: TestRelay,
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  const outgoing = request(`http://${relay.host}${path}`, {
    method,
    headers: { ServiceBusAuthorization: signToken(relay.access().send), ...headers },
    signal: AbortSignal.timeout(10_000),
  })
  outgoing.end(body)
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  return { status: incoming.statusCode, headers: incoming.headers, body: await text(incoming) }
}

const echo = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await text(incoming)
  response.writeHead(201, 'Made', { 'x-answer': 'yes', 'content-type': 'application/json' })
  response.end(JSON.stringify({ method: incoming.method, url: incoming.url, headers: incoming.headers, body }))
}

test('requests reach the web service with mapped path, headers and body, and its answer comes back', async () => {
  await using relay = await startTestRelay(plain)
  await using service = await serve(echo)
  await using _ = await startForward(relay, `echo:http/127.0.0.1/v2:${service.port}`)
  const answer = await call(relay, '/echo/a/b?q=%2F', { method: 'POST', headers: { 'x-mine': '1' }, body: 'payload' })
  assert.equal(answer.status, 201)
  assert.equal(answer.headers['x-answer'], 'yes')
  const seen = JSON.parse(answer.body)
  assert.deepEqual([seen.method, seen.url, seen.body], ['POST', '/v2/a/b?q=%2F', 'payload'])
  assert.equal(seen.headers['x-mine'], '1')
  assert.equal(seen.headers.host, `127.0.0.1:${service.port}`)
  assert.ok(!('servicebusauthorization' in seen.headers))
  const bare = JSON.parse((await call(relay, '/echo')).body)
  assert.deepEqual([bare.method, bare.url, bare.body], ['GET', '/v2/', ''])
  assert.ok(!('transfer-encoding' in bare.headers))
})

test('a GET with a body says where its body ends', async () => {
  await using relay = await startTestRelay(plain)
  await using service = await serve(echo)
  await using _ = await startForward(relay, `echo:http/127.0.0.1:${service.port}`)
  const body = 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n'
  const seen = JSON.parse(
    (await call(relay, '/echo/a', { headers: { 'content-length': String(body.length) }, body })).body,
  )
  assert.deepEqual([seen.url, seen.body], ['/a', body])
})

test('large bodies pass in both directions', async () => {
  await using relay = await startTestRelay(plain)
  const big = 'x'.repeat(3_000_000)
  await using service = await serve(async (incoming, response) => response.end(await text(incoming)))
  await using _ = await startForward(relay, `echo:http/127.0.0.1:${service.port}`)
  const answer = await call(relay, '/echo/', { method: 'PUT', body: big })
  assert.ok(answer.body === big)
})

test('several targets of one relay take turns', async () => {
  await using relay = await startTestRelay(plain)
  await using one = await serve((_, response) => response.end('one'))
  await using two = await serve((_, response) => response.end('two'))
  await using _ = await startForward(relay, `echo:http/127.0.0.1:${one.port};http/127.0.0.1:${two.port}`)
  const bodies = [await call(relay, '/echo'), await call(relay, '/echo')].map(({ body }) => body)
  assert.deepEqual(bodies.sort(), ['one', 'two'])
})

test('a web service that is away is a 502 with the reason', async () => {
  await using relay = await startTestRelay(plain)
  const gone = await serve(() => {})
  await gone[Symbol.asyncDispose]()
  await using bridge = await startForward(relay, `echo:http/127.0.0.1/v2:${gone.port}`)
  const answer = await call(relay, '/echo/x')
  assert.equal(answer.status, 502)
  assert.match(answer.body, /cannot be reached: ECONNREFUSED/)
  assert.match(bridge.status[0]?.lastError?.message ?? '', /cannot be reached/)
})
