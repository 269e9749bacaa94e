import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net'
import { Duplex, duplexPair } from 'node:stream'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'
import { decodeClose, encodeClose } from './close-payload.ts'
import { dialWebSocket } from './dial.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { encodeFrame } from './frame-encoder.ts'
import { Opcode } from './opcode.ts'
import { formatSwitchingProtocols, readUpgradeRequest } from './server-handshake.ts'
import { type EndpointEnd, type EndpointHandler, WebSocketEndpoint } from './web-socket-endpoint.ts'

const deadlineMs = 10_000

/** A handler that remembers, and lets a test wait. */
class Recorder implements EndpointHandler {
  readonly events: string[] = []
  readonly ended: Promise<EndpointEnd>
  ends = 0
  drains = 0
  onEvent: (event: string) => void = () => {}
  #kind = ''
  #message = Buffer.alloc(0)
  #resolveEnd!: (end: EndpointEnd) => void
  #waiting: { readonly prefix: string; readonly resolve: () => void } | undefined

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#resolveEnd = resolve
    })
  }

  /** Resolves when an event that begins with `prefix` was recorded. */
  async event(prefix: string): Promise<void> {
    if (this.events.some((event) => event.startsWith(prefix))) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const timer = setTimeout(() => reject(new Error(`no ${prefix} in ${this.events.join(', ')}`)), deadlineMs)
    this.#waiting = { prefix, resolve }
    await promise.finally(() => clearTimeout(timer))
  }

  onMessageStart(kind: 'text' | 'binary'): void {
    this.#kind = kind
    this.#message = Buffer.alloc(0)
  }

  onMessageData(chunk: Uint8Array): void {
    this.#message = Buffer.concat([this.#message, chunk])
  }

  onMessageEnd(): void {
    const shown = this.#message.length > 50 ? `${this.#message.length} bytes` : this.#message.toString()
    this.#record(`${this.#kind} ${shown}`)
  }

  onCloseFrame(code: number | undefined, reason: string): void {
    this.#record(`close ${code} ${reason}`.trimEnd())
  }

  onDrain(): void {
    this.drains++
    this.#record('drain')
  }

  onPong(payload: Uint8Array): void {
    this.#record(`pong ${Buffer.from(payload).toString()}`)
  }

  onEnd(end: EndpointEnd): void {
    this.ends++
    this.#resolveEnd(end)
  }

  #record(event: string): void {
    this.events.push(event)
    this.onEvent(event)
    if (this.#waiting && event.startsWith(this.#waiting.prefix)) this.#waiting.resolve()
  }
}

/** An endpoint over a pair of streams in memory, and what it sends, frame by frame. */
function inMemory(
  options: { readonly role?: 'server' | 'client'; readonly allowHalfClose?: boolean; readonly head?: Uint8Array } = {},
): { endpoint: WebSocketEndpoint; handler: Recorder; far: Duplex; near: Duplex; sent: string[] } {
  const { role = 'server', ...rest } = options
  const [near, far] = duplexPair()
  const handler = new Recorder()
  const sent: string[] = []
  let payload = Buffer.alloc(0)
  const decoder = new FrameDecoder({
    expectMask: role === 'client',
    sink: {
      onFrame: (opcode, fin, _rsv1, length) => {
        sent.push(`${opcode}${fin ? ' fin' : ''} ${length}`)
        payload = Buffer.alloc(0)
      },
      onPayload: (buffer, start, end) => {
        payload = Buffer.concat([payload, buffer.subarray(start, end)])
      },
      onFrameEnd: () => {
        if (payload.length > 0 && payload.length < 50) sent.push(payload.toString())
      },
      onControl: (opcode, control) => {
        const close = opcode === Opcode.close ? decodeClose(control) : undefined
        sent.push(close ? `8 ${close.code} ${close.reason}`.trimEnd() : `${opcode} ${Buffer.from(control).toString()}`)
      },
    },
  })
  far.on('data', (chunk: Uint8Array) => decoder.push(Uint8Array.from(chunk)))
  const endpoint = new WebSocketEndpoint({ stream: near, role, handler, ...rest })
  return { endpoint, handler, far, near, sent }
}

function fromClient(opcode: number, payload: string | Uint8Array = '', options: { fin?: boolean } = {}): Uint8Array {
  return encodeFrame(opcode, Buffer.from(payload), { mask: true, fin: options.fin ?? true })
}

function fromServer(opcode: number, payload: string | Uint8Array = ''): Uint8Array {
  return encodeFrame(opcode, Buffer.from(payload), { mask: false })
}

/** A server of ours on a real port; the callback gets each endpoint's stream after the handshake. */
async function startServer(t: TestContext, onOpen: (stream: Duplex, head: Buffer) => void): Promise<string> {
  const server: Server = createServer()
  const sockets = new Set<Duplex>()
  server.on('upgrade', (request, socket, head) => {
    sockets.add(socket)
    const upgrade = readUpgradeRequest({ method: request.method ?? '', rawHeaders: request.rawHeaders })
    assert.ok('key' in upgrade)
    socket.write(formatSwitchingProtocols({ key: upgrade.key }))
    onOpen(socket, head)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function startWs(t: TestContext): Promise<{ url: string; server: WebSocketServer }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  t.after(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`, server }
}

/** Two connected TCP sockets. */
async function tcpPair(t: TestContext): Promise<[Socket, Socket]> {
  const server = createTcpServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [far] = (await once(server, 'connection')) as [Socket]
  server.close()
  t.after(() => {
    near.destroy()
    far.destroy()
  })
  return [near, far]
}

/** Sends back what comes, message by message. */
class Echo extends Recorder {
  endpoint!: WebSocketEndpoint
  #first = true
  #echoKind: 'text' | 'binary' = 'text'

  override onMessageStart(kind: 'text' | 'binary'): void {
    super.onMessageStart(kind)
    this.#echoKind = kind
    this.#first = true
  }

  override onMessageData(chunk: Uint8Array): void {
    super.onMessageData(chunk)
    this.endpoint.sendFragment(this.#echoKind, Buffer.from(chunk), { first: this.#first, last: false })
    this.#first = false
  }

  override onMessageEnd(): void {
    super.onMessageEnd()
    this.endpoint.sendFragment(this.#echoKind, new Uint8Array(0), { first: this.#first, last: true })
  }
}

const sizes = [0, 1, 125, 126, 65_535, 65_536, 65_537, 1_000_000]

describe('WebSocketEndpoint with ws as peer', () => {
  test('a server of ours echoes messages of all sizes to a ws client, and closes as it asks', async (t) => {
    const echo = new Echo()
    const url = await startServer(t, (stream, head) => {
      echo.endpoint = new WebSocketEndpoint({ stream, head, role: 'server', handler: echo })
    })
    const client = new WebSocket(url)
    await once(client, 'open')
    for (const size of sizes) {
      const bytes = Buffer.alloc(size, 'xyz')
      for (const message of [bytes, bytes.toString()]) {
        client.send(message)
        const [data, isBinary] = (await once(client, 'message')) as [Buffer, boolean]
        assert.ok(data.equals(bytes), `${size} bytes`)
        assert.equal(isBinary, message === bytes)
      }
    }
    client.ping('are you there')
    assert.equal(String((await once(client, 'pong'))[0]), 'are you there')
    client.close(4001, 'enough')
    const [code] = (await once(client, 'close')) as [number]
    assert.equal(code, 4001)
    assert.deepEqual(await echo.ended, { clean: true, code: 4001, reason: 'enough' })
  })

  test('a client of ours talks to a ws server, and closes it', async (t) => {
    const { url, server } = await startWs(t)
    server.on('connection', (peer) => {
      peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }))
    })
    const { socket, head } = await dialWebSocket({ url })
    const handler = new Recorder()
    const endpoint = new WebSocketEndpoint({ stream: socket, head, role: 'client', handler })
    endpoint.sendText('héllo')
    for (const size of sizes) endpoint.sendBinary(Buffer.alloc(size, 1))
    endpoint.ping(Buffer.from('p'))
    await handler.event('binary 1000000')
    await handler.event('pong p')
    assert.equal(
      handler.events.find((event) => event !== 'drain'),
      'text héllo',
    )
    assert.equal(handler.events.filter((event) => event.startsWith('binary')).length, sizes.length)
    const [peer] = server.clients
    const closed = once(peer!, 'close')
    endpoint.close(1000, 'done')
    assert.deepEqual(await handler.ended, { clean: true, code: 1000, reason: 'done' })
    assert.deepEqual((await closed).map(String), ['1000', 'done'])
  })

  test('aborting resets: a ws peer sees 1006', async (t) => {
    const { url, server } = await startWs(t)
    const connected = once(server, 'connection')
    const { socket, head } = await dialWebSocket({ url })
    const handler = new Recorder()
    const endpoint = new WebSocketEndpoint({ stream: socket, head, role: 'client', handler })
    const [peer] = (await connected) as [WebSocket]
    const reset = once(peer, 'close')
    peer.on('error', () => {})
    endpoint.abort()
    endpoint.abort()
    assert.equal((await reset)[0], 1006)
    const end = await handler.ended
    assert.deepEqual([end.clean, end.code, endpoint.state], [false, 1006, 'closed'])
    assert.equal(handler.ends, 1)
  })
})

describe('WebSocketEndpoint sending', () => {
  test('splits a long message into frames of 64 KiB', async () => {
    const { endpoint, sent } = inMemory()
    endpoint.sendBinary(new Uint8Array(65_536 * 2 + 1))
    endpoint.sendText('next')
    await turn()
    assert.deepEqual(sent, ['2 65536', '0 65536', '0 fin 1', '\0', '1 fin 4', 'next'])
  })

  test('sends a message in fragments with control frames between them', async () => {
    const { endpoint, sent } = inMemory({ role: 'client' })
    endpoint.sendFragment('text', Buffer.from('a'), { first: true, last: false })
    endpoint.ping()
    endpoint.sendFragment('text', Buffer.from('b'), { first: false, last: false })
    endpoint.sendFragment('text', new Uint8Array(0), { first: false, last: true })
    await turn()
    assert.deepEqual(sent, ['1 1', 'a', '9 ', '0 1', 'b', '0 fin 0'])
  })

  test('a client masks each frame with a key of its own and leaves the bytes of the caller alone', async () => {
    const { endpoint, far } = inMemory({ role: 'client' })
    const chunks: Uint8Array[] = []
    far.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    const bytes = new Uint8Array(300)
    endpoint.sendBinary(bytes)
    endpoint.sendBinary(bytes)
    await turn()
    const wire = Buffer.concat(chunks)
    assert.equal(wire.length, 2 * 308)
    assert.notDeepEqual(wire.subarray(4, 8), wire.subarray(312, 316))
    assert.ok(bytes.every((byte) => byte === 0))
  })

  test('sends of one turn share a write', async () => {
    const writes: number[] = []
    const stream = new Duplex({
      read() {},
      writev(chunks, done) {
        writes.push(chunks.length)
        done()
      },
    })
    const endpoint = new WebSocketEndpoint({ stream, role: 'server', handler: new Recorder() })
    for (let i = 0; i < 10; i++) endpoint.sendText(`message ${i}`)
    endpoint.sendBinary(new Uint8Array(5_000))
    await turn()
    assert.deepEqual(writes, [12])
    endpoint.sendText('alone')
    await turn()
    assert.deepEqual(writes, [12, 1])
    stream.destroy()
  })

  test('answers false when the peer does not read, and onDrain when it does', async (t) => {
    const [near, far] = await tcpPair(t)
    const handler = new Recorder()
    const endpoint = new WebSocketEndpoint({ stream: near, role: 'client', handler })
    let sentBytes = 0
    while (endpoint.sendBinary(new Uint8Array(60_000))) {
      sentBytes += 60_000
      await turn()
    }
    // Full: neither the socket buffers nor ours take more until the far end reads.
    assert.ok(endpoint.bufferedBytes > 0)
    assert.equal(endpoint.bytesSent, (sentBytes / 60_000 + 1) * 60_008)
    assert.equal(handler.drains, 0)
    far.resume()
    await handler.event('drain')
    assert.equal(endpoint.bufferedBytes, 0)
  })

  test('answers only the newest of many PINGs of a peer that does not read', async (t) => {
    const [near, far] = await tcpPair(t)
    const endpoint = new WebSocketEndpoint({ stream: near, role: 'server', handler: new Recorder() })
    while (endpoint.sendBinary(new Uint8Array(60_000))) await turn()
    const buffered = endpoint.bufferedBytes
    for (let i = 0; i < 100; i++) far.write(fromClient(Opcode.ping, `ping ${i}`))
    while (endpoint.bytesReceived < 100 * 12 + 90) await turn()
    assert.equal(endpoint.bufferedBytes, buffered)
    const pongs: string[] = []
    const decoder = new FrameDecoder({
      expectMask: false,
      sink: {
        onFrame: () => {},
        onPayload: () => {},
        onFrameEnd: () => {},
        onControl: (_opcode, payload) => pongs.push(Buffer.from(payload).toString()),
      },
    })
    far.on('data', (chunk: Uint8Array) => decoder.push(chunk))
    while (pongs.length === 0) await turn()
    assert.deepEqual(pongs, ['ping 99'])
  })

  test('sends nothing after close', async () => {
    const { endpoint, sent } = inMemory()
    endpoint.close(1000)
    endpoint.sendText('late')
    endpoint.ping()
    endpoint.close(1001)
    await turn()
    assert.deepEqual(sent, ['8 1000'])
    assert.equal(endpoint.state, 'closing')
    endpoint.abort()
    assert.equal(endpoint.state, 'closed')
  })
})

describe('WebSocketEndpoint receiving', () => {
  test('bytes that came with the handshake are delivered first, and not before the owner has the endpoint', async () => {
    const { handler, far } = inMemory({ head: fromClient(Opcode.text, 'head') })
    far.write(fromClient(Opcode.text, 'later'))
    assert.deepEqual(handler.events, [])
    await handler.event('text later')
    assert.deepEqual(handler.events, ['text head', 'text later'])
  })

  test('delivers nothing while it is paused, not even the bytes of the handshake', async () => {
    const { endpoint, handler, far } = inMemory({ head: fromClient(Opcode.text, 'head') })
    endpoint.pause()
    far.write(fromClient(Opcode.text, 'later'))
    for (let i = 0; i < 5; i++) await turn()
    assert.deepEqual(handler.events, [])
    assert.equal(endpoint.isPaused, true)
    endpoint.resume()
    await handler.event('text later')
    assert.deepEqual(handler.events, ['text head', 'text later'])
  })

  test('counts every byte of the peer', async () => {
    const { endpoint, handler, far } = inMemory()
    const frames = Buffer.concat([fromClient(Opcode.text, 'abc'), fromClient(Opcode.pong, 'x')])
    far.write(frames)
    await handler.event('pong x')
    assert.equal(endpoint.bytesReceived, frames.length)
  })

  test('tells a peer that breaks the protocol by CLOSE what it did, and drops what else it sends', async () => {
    const { handler, far, sent } = inMemory()
    const farEnded = once(far, 'end')
    far.write(Buffer.concat([fromClient(Opcode.text, 'good'), fromServer(Opcode.text, 'unmasked')]))
    await farEnded
    far.end(fromClient(Opcode.text, 'ignored'))
    const { clean, code, error } = await handler.ended
    assert.deepEqual([clean, code], [false, 1002])
    assert.ok(error)
    assert.deepEqual(sent, [`8 1002 ${error.message}`])
    assert.deepEqual(handler.events, ['text good'])
    assert.equal(handler.ends, 1)
  })

  test('refuses a compressed message: nobody agreed to it', async () => {
    const { handler, far } = inMemory()
    const frame = fromClient(Opcode.text, 'x')
    frame[0]! |= 0x40
    far.end(frame)
    assert.equal((await handler.ended).code, 1002)
  })

  test('a handler that throws ends its own connection only', async () => {
    const { handler, far } = inMemory()
    handler.onEvent = () => {
      throw new Error('handler is broken')
    }
    far.on('error', () => {})
    far.write(fromClient(Opcode.text, 'x'))
    const end = await handler.ended
    assert.equal(end.clean, false)
    assert.equal(end.error?.message, 'handler is broken')
  })

  test('delivers nothing more of a chunk in which the handler aborted', async () => {
    const { endpoint, handler, far } = inMemory()
    handler.onEvent = () => endpoint.abort()
    far.on('error', () => {})
    far.write(Buffer.concat([fromClient(Opcode.text, 'one'), fromClient(Opcode.text, 'two'), fromClient(Opcode.close)]))
    const end = await handler.ended
    assert.deepEqual(handler.events, ['text one'])
    assert.deepEqual([end.clean, end.code], [false, 1006])
  })
})

describe('WebSocketEndpoint closing', () => {
  test('answers CLOSE with the same code; the server then ends TCP', async () => {
    const { handler, far, sent } = inMemory()
    far.write(fromClient(Opcode.close, encodeClose(1001, 'away')))
    await once(far, 'end')
    assert.deepEqual(sent, ['8 1001'])
    assert.deepEqual(await handler.ended, { clean: true, code: 1001, reason: 'away' })
    assert.deepEqual(handler.events, ['close 1001 away'])
  })

  test('answers a CLOSE without code by one without code, which is 1005', async () => {
    const { handler, far, sent } = inMemory()
    far.write(fromClient(Opcode.close))
    assert.deepEqual(await handler.ended, { clean: true, code: 1005, reason: '' })
    assert.deepEqual(sent, ['8 undefined'])
  })

  test('a client waits for the server to end TCP', async () => {
    const { endpoint, handler, far } = inMemory({ role: 'client' })
    let farEnded = false
    far.on('end', () => {
      farEnded = true
    })
    endpoint.close(1000)
    far.write(fromServer(Opcode.close, encodeClose(1000)))
    await handler.event('close')
    for (let i = 0; i < 5; i++) await turn()
    assert.deepEqual([farEnded, handler.ends], [false, 0])
    far.end()
    assert.deepEqual(await handler.ended, { clean: true, code: 1000, reason: '' })
  })

  test('a peer that does not answer CLOSE is cut off after 5 seconds', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const { endpoint, handler, far } = inMemory()
    far.on('error', () => {})
    endpoint.close(1000)
    await turn()
    t.mock.timers.tick(4_999)
    await turn()
    assert.equal(handler.ends, 0)
    t.mock.timers.tick(1)
    const end = await handler.ended
    assert.deepEqual([end.clean, end.code], [false, 1006])
  })

  test('a peer that still reads what came before CLOSE has more time, one that does not has 30 seconds', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const [near, far] = duplexPair()
    const handler = new Recorder()
    far.on('error', () => {})
    const endpoint = new WebSocketEndpoint({ stream: near, role: 'server', handler })
    for (let i = 0; i < 10; i++) endpoint.sendBinary(new Uint8Array(60_000))
    endpoint.close(1000)
    await turn()
    for (let i = 0; i < 4; i++) {
      // One read is enough to show life.
      assert.ok(far.read())
      await turn()
      t.mock.timers.tick(5_000)
      await turn()
      assert.equal(handler.ends, 0)
    }
    t.mock.timers.tick(29_999)
    await turn()
    assert.equal(handler.ends, 0)
    t.mock.timers.tick(1)
    assert.equal((await handler.ended).clean, false)
  })

  test('TCP that ends without CLOSE is not clean', async () => {
    const { handler, far } = inMemory()
    far.end(fromClient(Opcode.text, 'last'))
    assert.deepEqual(await handler.ended, { clean: false, code: 1006, reason: '' })
    assert.deepEqual(handler.events, ['text last'])
  })

  test('of many whose TCP ends at once all are closed at once, and their ends are told a few a turn', async () => {
    const ends = Array.from({ length: 100 }, () => {
      const [stream, far] = duplexPair()
      const handler = new Recorder()
      return { endpoint: new WebSocketEndpoint({ stream, role: 'server', handler }), handler, far }
    })
    const told = (): number => ends.filter(({ handler }) => handler.ends === 1).length
    for (const { far } of ends) far.end()
    let [most, before] = [0, 0]
    for (let turns = 0; before < ends.length && turns < 1_000; turns++) {
      await turn()
      if (turns === 1) assert.ok(ends.every(({ endpoint }) => endpoint.state === 'closed'))
      most = Math.max(most, told() - before)
      before = told()
    }
    assert.equal(before, ends.length)
    assert.ok(most <= 25, `${most} in one turn`)
  })

  test('what is sent over broken TCP goes nowhere, and breaks nothing', async () => {
    const { endpoint, handler, far } = inMemory()
    far.on('end', () => handler.events.push('FIN'))
    far.end()
    await turn()
    endpoint.sendText('late')
    endpoint.ping()
    assert.deepEqual(await handler.ended, { clean: false, code: 1006, reason: '' })
  })

  test('a reset is not clean and its error is told', async (t) => {
    const [near, far] = await tcpPair(t)
    const handler = new Recorder()
    const endpoint = new WebSocketEndpoint({ stream: near, role: 'server', handler })
    endpoint.sendText('x')
    far.resetAndDestroy()
    const end = await handler.ended
    assert.deepEqual([end.clean, end.code, (end.error as NodeJS.ErrnoException).code], [false, 1006, 'ECONNRESET'])
  })

  test('an endpoint over a stream that is gone already still ends, once', async () => {
    const [near] = duplexPair()
    near.destroy()
    await once(near, 'close')
    const handler = new Recorder()
    const endpoint = new WebSocketEndpoint({ stream: near, role: 'server', handler })
    assert.equal(endpoint.state, 'closed')
    assert.equal((await handler.ended).code, 1006)
    assert.equal(handler.ends, 1)
  })
})

describe('WebSocketEndpoint with half-close', () => {
  test('the peer says CLOSE, we go on sending until we close', async () => {
    const { endpoint, handler, far, sent } = inMemory({ allowHalfClose: true })
    far.write(fromClient(Opcode.close, encodeClose(1000, 'Shutdown')))
    await handler.event('close 1000 Shutdown')
    for (let i = 0; i < 5; i++) await turn()
    assert.deepEqual([sent, handler.ends, endpoint.state], [[], 0, 'closing'])
    endpoint.sendBinary(Buffer.from('reply'))
    endpoint.close(1000, 'Shutdown')
    assert.deepEqual(await handler.ended, { clean: true, code: 1000, reason: 'Shutdown' })
    assert.deepEqual(sent, ['2 fin 5', 'reply', '8 1000 Shutdown'])
  })

  test('we say CLOSE, and hear the peer for as long as it speaks', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const { endpoint, handler, far } = inMemory({ role: 'client', allowHalfClose: true })
    endpoint.close(1000, 'Shutdown')
    await turn()
    t.mock.timers.tick(3_600_000)
    far.write(fromServer(Opcode.binary, 'an hour later'))
    await handler.event('binary an hour later')
    far.end(fromServer(Opcode.close, encodeClose(1000, 'Shutdown')))
    assert.deepEqual(await handler.ended, { clean: true, code: 1000, reason: 'Shutdown' })
  })

  test('a connection that breaks before our bytes have left is not clean, though both said CLOSE', async (t) => {
    const [near, far] = await tcpPair(t)
    const handler = new Recorder()
    const endpoint = new WebSocketEndpoint({ stream: near, role: 'server', handler, allowHalfClose: true })
    far.write(fromClient(Opcode.close, encodeClose(1000)))
    await handler.event('close 1000')
    while (endpoint.sendBinary(new Uint8Array(60_000))) await turn()
    endpoint.close(1000)
    far.on('error', () => {})
    far.resetAndDestroy()
    const end = await handler.ended
    assert.equal(end.clean, false)
  })

  test('a peer that ends TCP right behind its CLOSE still gets what we have', async (t) => {
    const [far, near] = await tcpPair(t)
    const handler = new Recorder()
    const endpoint = new WebSocketEndpoint({ stream: near, role: 'server', handler, allowHalfClose: true })
    // `far` keeps reading after its FIN.
    far.allowHalfOpen = true
    far.end(fromClient(Opcode.close, encodeClose(1000)))
    await handler.event('close 1000')
    const bytes: Buffer[] = []
    far.on('data', (chunk: Buffer) => bytes.push(chunk))
    endpoint.sendBinary(new Uint8Array(3_000_000))
    endpoint.close(1000)
    await once(far, 'end')
    assert.ok(Buffer.concat(bytes).length > 3_000_000)
    assert.equal((await handler.ended).clean, true)
  })
})
