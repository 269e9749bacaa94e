import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { StubRelay } from '@postern/testkit'
import type { WebSocket } from 'ws'
import { Listener } from '../listener/listener.ts'
import type { ListenerOptions } from '../listener/listener-options.ts'

const signal = () => AbortSignal.timeout(5_000)
const id = '11111111-2222-3333-4444-555555555555_G0'

interface Exchange extends AsyncDisposable {
  readonly relay: StubRelay
  readonly listener: Listener
  readonly problems: Error[]
  /** The next thing that the listener says on its control channel. */
  said(): Promise<unknown>
  request(more?: object, body?: Buffer): Promise<void>
  /** Sends only the address; resolves to the rendezvous that the listener opens. */
  rendezvous(): Promise<WebSocket>
}

async function open(onRequest?: ListenerOptions['onRequest']): Promise<Exchange> {
  const relay = await StubRelay.start()
  const problems: Error[] = []
  const listener = new Listener({ ...relay.location, path: 'site', ...(onRequest && { onRequest }) })
  listener.on('problem', (error) => problems.push(error))
  await listener.open({ signal: signal() })
  const { socket, messages } = await relay.listener()
  const address = `ws://127.0.0.1:${relay.port}/$hc/site?sb-hc-action=request&sb-hc-id=${id}`
  let read = 0
  return {
    relay,
    listener,
    problems,
    async said() {
      while (messages.length <= read) await once(relay, 'message', { signal: signal() })
      read += 1
      return messages[read - 1]
    },
    async request(more = {}, body) {
      const remoteEndpoint = { address: '192.0.2.7', port: 1234 }
      const full = { address, id, requestTarget: '/site/a?b=1', method: 'GET', remoteEndpoint, requestHeaders: {} }
      socket.send(JSON.stringify({ request: { ...full, body: body !== undefined, ...more } }))
      if (body) socket.send(body)
    },
    async rendezvous() {
      const opened = once(relay, 'rendezvous', { signal: signal() })
      socket.send(JSON.stringify({ request: { address } }))
      return (await opened)[0] as WebSocket
    },
    async [Symbol.asyncDispose]() {
      await listener.close()
      await relay[Symbol.asyncDispose]()
    },
  }
}

/** Reads messages of a WebSocket in order, from the moment of the call. */
function reader(socket: WebSocket): () => Promise<{ text?: string; bytes?: Buffer }> {
  const queue: { text?: string; bytes?: Buffer }[] = []
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    queue.push(isBinary ? { bytes: data } : { text: data.toString('utf8') })
    socket.emit('queued')
  })
  return async () => {
    while (queue.length === 0) await once(socket, 'queued', { signal: signal() })
    return queue.shift() ?? {}
  }
}

test('a small request and its answer travel over the control channel', async () => {
  await using exchange = await open(async (request, response) => {
    const body = (await request.toArray()).join('')
    response.writeHead(201, { 'X-Method': request.method, 'Set-Cookie': ['a=1', 'b=2'] })
    response.statusDescription = 'Made it'
    response.end(`${request.url} ${request.headers['x-y']} ${request.remoteEndpoint.address} ${body}`)
  })
  await exchange.request({ method: 'PUT', requestHeaders: { 'X-Y': 'z' } }, Buffer.from('body'))
  assert.deepEqual(await exchange.said(), {
    response: {
      requestId: id,
      statusCode: 201,
      statusDescription: 'Made it',
      responseHeaders: { 'X-Method': 'PUT', 'Set-Cookie': 'a=1, b=2' },
      body: true,
    },
  })
  assert.equal(String(await exchange.said()), '/site/a?b=1 z 192.0.2.7 body')
})

test('an answer without a body says so and sends no second message', async () => {
  await using exchange = await open((_request, response) => response.writeHead(204).end())
  await exchange.request()
  await exchange.request()
  for (const _ of [1, 2]) {
    const { response } = (await exchange.said()) as { response: { statusCode: number; body: boolean } }
    assert.deepEqual([response.statusCode, response.body], [204, false])
  }
})

test('a body of exactly 64 KiB stays on the control channel, one byte more takes a rendezvous', async () => {
  await using exchange = await open((request, response) => {
    response.end(Buffer.alloc(Number(request.headers['x-size']), 'x'))
  })
  await exchange.request({ requestHeaders: { 'X-Size': '65536' } })
  await exchange.said()
  assert.equal(((await exchange.said()) as Buffer).length, 65_536)

  const opened = once(exchange.relay, 'rendezvous', { signal: signal() })
  await exchange.request({ requestHeaders: { 'X-Size': '65537' } })
  const [socket] = (await opened) as [WebSocket]
  const read = reader(socket)
  const closed = once(socket, 'close', { signal: signal() })
  assert.equal(JSON.parse((await read()).text ?? '').response.body, true)
  assert.equal((await read()).bytes?.length, 65_537)
  assert.equal((await closed)[0], 1000)
})

test('a request over a rendezvous is answered there, however small the answer is', async () => {
  await using exchange = await open(async (request, response) => {
    let size = 0
    for await (const chunk of request) size += (chunk as Buffer).length
    response.end(`${size}`)
  })
  const socket = await exchange.rendezvous()
  const read = reader(socket)
  const closed = once(socket, 'close', { signal: signal() })
  const remoteEndpoint = { address: '::1', port: 1 }
  const request = {
    address: 'ws://x/?a',
    id,
    requestTarget: '/site',
    method: 'POST',
    remoteEndpoint,
    requestHeaders: {},
    body: true,
  }
  socket.send(JSON.stringify({ request }))
  for (let i = 0; i < 20; i += 1) socket.send(Buffer.alloc(10_000), { fin: i === 19, binary: true })
  assert.equal(JSON.parse((await read()).text ?? '').response.statusCode, 200)
  assert.equal(String((await read()).bytes), '200000')
  assert.equal((await closed)[0], 1000)
})

test('a body that takes its time is streamed as it comes', async () => {
  const more = Promise.withResolvers<void>()
  await using exchange = await open(async (_request, response) => {
    response.setHeader('content-type', 'text/event-stream')
    response.write('data: 1\n\n')
    await more.promise
    response.end('data: 2\n\n')
  })
  const opened = once(exchange.relay, 'rendezvous', { signal: signal() })
  await exchange.request()
  const [socket] = (await opened) as [WebSocket & { _receiver: unknown }]
  const read = reader(socket)
  assert.equal(JSON.parse((await read()).text ?? '').response.responseHeaders['content-type'], 'text/event-stream')
  more.resolve()
  assert.equal(String((await read()).bytes), 'data: 1\n\ndata: 2\n\n')
})

test('a sender that leaves aborts the signal of its request and fails the response', async () => {
  const seen = Promise.withResolvers<[Error, Error]>()
  await using exchange = await open((request, response) => {
    response.flushHeaders()
    response.once('error', (error) => seen.resolve([error, request.signal.reason as Error]))
  })
  const opened = once(exchange.relay, 'rendezvous', { signal: signal() })
  await exchange.request()
  const [socket] = (await opened) as [WebSocket]
  await once(socket, 'message', { signal: signal() })
  socket.terminate()
  for (const error of await seen.promise) assert.equal((error as Error & { code: string }).code, 'SenderGone')
})

test('an answer that is complete does not abort the signal of its request', async () => {
  let aborted: AbortSignal | undefined
  await using exchange = await open((request, response) => {
    aborted = request.signal
    response.end(Buffer.alloc(100_000))
  })
  const opened = once(exchange.relay, 'rendezvous', { signal: signal() })
  await exchange.request()
  const [socket] = (await opened) as [WebSocket]
  await once(socket, 'close', { signal: signal() })
  assert.equal(aborted?.aborted, false)
  assert.deepEqual(exchange.problems, [])
})

test('a handler that throws answers 500 with the tracking id, and one that is missing 501', async () => {
  await using failing = await open(() => {
    throw new Error('boom')
  })
  await failing.request()
  const failed = (await failing.said()) as { response: { statusCode: number; statusDescription: string } }
  assert.equal(failed.response.statusCode, 500)
  assert.match(failed.response.statusDescription, new RegExp(`TrackingId:${id}`))
  assert.deepEqual(
    failing.problems.map((error) => error.message),
    ['boom'],
  )

  await using missing = await open()
  await missing.request()
  const { response } = (await missing.said()) as { response: { statusCode: number } }
  assert.equal(response.statusCode, 501)
})

test('a handler that fails in the middle of a body cuts the rendezvous', async () => {
  await using exchange = await open(async (_request, response) => {
    response.write(Buffer.alloc(100_000))
    await once(response, 'drain')
    throw new Error('disk is gone')
  })
  const opened = once(exchange.relay, 'rendezvous', { signal: signal() })
  await exchange.request()
  const [socket] = (await opened) as [WebSocket]
  const [code] = await once(socket, 'close', { signal: signal() })
  assert.equal(code, 1006)
})

test('a body without a reader holds the sender back', async () => {
  const release = Promise.withResolvers<void>()
  const finished = Promise.withResolvers<number>()
  await using exchange = await open(async (request, response) => {
    await release.promise
    let size = 0
    for await (const chunk of request) size += (chunk as Buffer).length
    finished.resolve(size)
    response.end()
  })
  const socket = await exchange.rendezvous()
  const remoteEndpoint = { address: '::1', port: 1 }
  const request = {
    address: 'ws://x/?a',
    id,
    requestTarget: '/',
    method: 'POST',
    remoteEndpoint,
    requestHeaders: {},
    body: true,
  }
  socket.send(JSON.stringify({ request }))
  socket.send(Buffer.alloc(40_000_000))
  // 40 MB do not fit the buffers of a loopback connection: some of it waits at the relay until somebody reads.
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.ok(socket.bufferedAmount > 10_000_000, `${socket.bufferedAmount} bytes wait at the relay`)
  release.resolve()
  assert.equal(await finished.promise, 40_000_000)
})
