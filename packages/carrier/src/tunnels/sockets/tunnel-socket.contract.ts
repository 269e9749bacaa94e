import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { NetSocket } from './net-socket.ts'
import type { AcceptedSocket, TunnelSocket, TunnelSocketHandler } from './tunnel-socket.ts'

/** What makes the sockets that are tried. */
export interface TunnelSocketMaker {
  readonly name: string
  readonly dial: (host: string, port: number) => TunnelSocket
  /** Hands on what comes to a server that listens. */
  readonly accept: (server: Server, onSocket: (socket: AcceptedSocket) => void) => void
}

const signal = (): AbortSignal => AbortSignal.timeout(10_000)

/** Keeps copies of what comes. */
class Recorder implements TunnelSocketHandler {
  readonly chunks: Buffer[] = []
  readonly #ended = Promise.withResolvers<void>()
  onChunk: () => void = () => {}

  onSocketData(bytes: Uint8Array): void {
    this.chunks.push(Buffer.from(bytes))
    this.onChunk()
  }

  onSocketEnd(): void {
    this.#ended.resolve()
  }

  get ended(): Promise<void> {
    return this.#ended.promise
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }
}

function closed(socket: TunnelSocket): Promise<void> {
  return new Promise((resolve) => socket.onceClosed(resolve))
}

function connectedSocket(socket: TunnelSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.onceConnected(resolve)
    socket.onceClosed(() => reject(socket.error ?? new Error('closed')))
  })
}

function written(socket: TunnelSocket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, resolve))
}

async function listening(host = '127.0.0.1'): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, host)
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

/** All that a socket hears until its end, which leaves it open the other way. */
async function allOf(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'end', { signal: signal() })
  return Buffer.concat(chunks)
}

/** Says of every maker of tunnel sockets what all of them do. */
export function tunnelSocketContract({ name, dial, accept }: TunnelSocketMaker): void {
  const that = (title: string, run: (t: TestContext) => Promise<void>): void =>
    void test(`${name}: ${title}`, { timeout: 20_000 }, run)

  /** A socket that was dialed and the peer at its other end, which is Node's own. */
  async function dialed(t: TestContext, host = '127.0.0.1'): Promise<{ near: TunnelSocket; far: Socket }> {
    const { server, port } = await listening(host)
    const arriving = once(server, 'connection', { signal: signal() })
    const near = dial(host, port)
    const connecting = connectedSocket(near)
    const [far] = (await arriving) as [Socket]
    await connecting
    server.close()
    far.on('error', () => {})
    t.after(() => {
      far.destroy()
      near.close()
    })
    return { near, far }
  }

  /** The same, accepted. */
  async function accepted(t: TestContext): Promise<{ near: AcceptedSocket; far: Socket }> {
    const { server, port } = await listening()
    const arriving = new Promise<AcceptedSocket>((resolve) => accept(server, resolve))
    const far = connect({ host: '127.0.0.1', port, allowHalfOpen: true }).on('error', () => {})
    const near = await arriving
    if (far.connecting) await once(far, 'connect', { signal: signal() })
    server.close()
    t.after(() => {
      far.destroy()
      near.close()
    })
    return { near, far }
  }

  that('bytes pass both ways, whole and in order, also when it stops reading in between', async (t) => {
    for (const { near, far } of [await dialed(t), await accepted(t)]) {
      const [sent, answer] = [randomBytes(3_000_000), randomBytes(2_000_000)]
      const heard = new Recorder()
      heard.onChunk = () => {
        near.pause()
        setImmediate(() => near.resume())
      }
      near.open(heard)
      far.end(sent)
      const arriving = allOf(far)
      for (let at = 0; at < answer.length; at += 100_000) await written(near, answer.subarray(at, at + 100_000))
      await heard.ended
      assert.ok(heard.bytes.equals(sent))
      const closing = closed(near)
      near.end()
      assert.ok((await arriving).equals(answer))
      await closing
      assert.equal(near.error, undefined)
    }
  })

  that('each direction ends by itself, and with both the connection is closed', async (t) => {
    const { near, far } = await accepted(t)
    const heard = new Recorder()
    near.open(heard)
    far.end('question')
    await heard.ended
    assert.deepEqual([String(heard.bytes), near.isClosing], ['question', false])
    await written(near, Buffer.from('answer'))
    const closing = closed(near)
    near.end()
    assert.equal(String(await allOf(far)), 'answer')
    await closing
    assert.deepEqual([near.isClosed, near.error], [true, undefined])
  })

  that('what is sent while it is being made leaves when it is, and the end behind it', async () => {
    const { server, port } = await listening()
    const arriving = once(server, 'connection', { signal: signal() })
    const near = dial('127.0.0.1', port)
    assert.equal(near.hasConnected, false)
    const taken = written(near, Buffer.from('early'))
    near.end()
    const heard = new Recorder()
    near.open(heard)
    const [far] = (await arriving) as [Socket]
    assert.equal(String(await allOf(far)), 'early')
    await taken
    assert.equal(near.hasConnected, true)
    const closing = closed(near)
    far.end('late')
    await closing
    assert.equal(String(heard.bytes), 'late')
    server.close()
  })

  that('nothing is read before it is resumed', async (t) => {
    const { near, far } = await accepted(t)
    const heard = new Recorder()
    near.pause()
    near.open(heard)
    const other = await dialed(t)
    await new Promise((resolve) => far.write('waits', resolve))
    // By the time that another connection has sent something and got it back, these bytes would have been read.
    const otherHeard = new Recorder()
    const echoed = new Promise<void>((resolve) => (otherHeard.onChunk = resolve))
    other.near.open(otherHeard)
    other.far.write('passes')
    await echoed
    assert.equal(heard.chunks.length, 0)
    const reading = new Promise<void>((resolve) => (heard.onChunk = resolve))
    near.resume()
    await reading
    assert.equal(String(heard.bytes), 'waits')
  })

  that('one that is cut gives its peer a reset', async (t) => {
    for (const { near, far } of [await dialed(t), await accepted(t)]) {
      const reset = once(far.resume(), 'error', { signal: signal() })
      const closing = closed(near)
      near.cut()
      near.cut()
      assert.equal(near.isClosing, true)
      assert.equal((await reset)[0].code, 'ECONNRESET')
      await closing
      assert.equal(near.isClosed, true)
    }
  })

  that('an end that comes before it is read is told when it is', async (t) => {
    for (const { near, far } of [await dialed(t), await accepted(t)]) {
      const other = await accepted(t)
      far.end()
      // By the time that another connection has sent something and got it back, this end is here.
      const otherHeard = new Recorder()
      const echoed = new Promise<void>((resolve) => (otherHeard.onChunk = resolve))
      other.near.open(otherHeard)
      await new Promise((resolve) => setTimeout(resolve, 0))
      other.far.write('passes')
      await echoed
      const heard = new Recorder()
      near.open(heard)
      await heard.ended
      assert.equal(near.isClosing, false)
      const closing = closed(near)
      near.end()
      await closing
    }
  })

  that('a reset behind its bytes is its error and no end', async (t) => {
    for (const { near, far } of [await dialed(t), await accepted(t)]) {
      let hasEnded = false
      const closing = closed(near)
      near.open({ onSocketData() {}, onSocketEnd: () => (hasEnded = true) })
      far.write(Buffer.alloc(1000))
      far.resetAndDestroy()
      await closing
      assert.deepEqual([near.error?.code, hasEnded], ['ECONNRESET', false])
    }
  })

  that(
    'one that is cut while its bytes are on their way gives a reset, though its end stands behind them',
    async (t) => {
      const { near, far } = await dialed(t)
      near.open(new Recorder())
      // More than the system takes, so that it waits.
      near.write(Buffer.alloc(64 * 1024 * 1024), () => {})
      near.end()
      const closing = closed(near)
      near.cut()
      await closing
      // Node's own socket would call it an end where libuv does.
      const peer = new NetSocket(far)
      const cutting = closed(peer)
      peer.open(new Recorder())
      await cutting
      assert.equal(peer.error?.code, 'ECONNRESET')
    },
  )

  that('whoever hears that it is made may end it, and what waited leaves once', async (t) => {
    const { server, port } = await listening()
    t.after(() => server.close())
    const arriving = once(server, 'connection', { signal: signal() })
    const near = dial('127.0.0.1', port)
    near.open(new Recorder())
    near.write(Buffer.from('early'), () => {})
    near.onceConnected(() => near.end())
    const [far] = (await arriving) as [Socket]
    assert.equal(String(await allOf(far)), 'early')
    const closing = closed(near)
    far.end()
    await closing
    assert.equal(near.error, undefined)
  })

  that('its close is told once to each who asked, and never to whom it was told that it is closed', async (t) => {
    const { near } = await dialed(t)
    let told = 0
    const closing = new Promise<void>((resolve) => {
      near.onceClosed(() => {
        near.onceClosed(() => (told += 1))
        if (near.isClosed) told += 1
        resolve()
      })
    })
    near.close()
    // It is about to be: whoever comes now hears of it.
    near.onceClosed(() => (told += 10))
    if (near.isClosed) told += 100
    await closing
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(told, 11)
  })

  that('one that is cut while its end is on its way is closed, and its bytes are not lost', async (t) => {
    const { near, far } = await dialed(t)
    const hearing = allOf(far)
    await written(near, Buffer.from('all of it'))
    const closing = closed(near)
    near.end()
    near.cut()
    await closing
    assert.equal(String(await hearing), 'all of it')
  })

  that('one that is closed says goodbye', async (t) => {
    const { near, far } = await dialed(t)
    const closing = closed(near)
    near.close()
    assert.equal(String(await allOf(far)), '')
    await closing
    assert.equal(near.error, undefined)
  })

  that('a reset of its peer is its error, and whoever waits for a write is told', async (t) => {
    const { near, far } = await accepted(t)
    far.pause()
    near.open(new Recorder())
    let isTaken = false
    // More than the system takes, so that it waits.
    near.write(Buffer.alloc(64 * 1024 * 1024), () => (isTaken = true))
    assert.equal(isTaken, false)
    const closing = closed(near)
    far.resetAndDestroy()
    await closing
    assert.ok(['ECONNRESET', 'EPIPE'].includes(near.error?.code ?? ''), near.error?.code)
    assert.equal(near.isClosed, true)
    while (!isTaken) await new Promise((resolve) => setImmediate(resolve))
  })

  that('whoever writes to one that is closed is told all the same', async (t) => {
    const { near } = await dialed(t)
    near.close()
    await written(near, Buffer.from('nobody'))
    near.end()
    near.pause()
    near.resume()
  })

  that('where nobody listens its error says so', async () => {
    const { server, port } = await listening()
    await new Promise((resolve) => server.close(resolve))
    const near = dial('127.0.0.1', port)
    const taken = written(near, Buffer.from('nobody'))
    await closed(near)
    await taken
    assert.deepEqual([near.error?.code, near.hasConnected, near.isClosed], ['ECONNREFUSED', false, true])
  })

  that('one that is given up while it is being made is closed without an error', async (t) => {
    const { server, port } = await listening()
    t.after(() => server.close())
    for (const give of ['close', 'cut'] as const) {
      const near = dial('127.0.0.1', port)
      const closing = closed(near)
      near[give]()
      await closing
      assert.deepEqual([near.error, near.hasConnected], [undefined, false])
    }
  })

  that('it knows where its ends are', async (t) => {
    const { near, far } = await accepted(t)
    assert.deepEqual([near.remoteAddress, near.remotePort], ['127.0.0.1', far.localPort])
    assert.deepEqual([near.local.address, near.local.port], ['127.0.0.1', far.remotePort])
    const closing = closed(near)
    near.close()
    await closing
    assert.deepEqual([near.local.address, near.local.port], [undefined, undefined])
  })

  that('it speaks IPv6', async (t) => {
    const { near, far } = await dialed(t, '::1')
    assert.equal(near.remoteAddress, '::1')
    far.end('six')
    const heard = new Recorder()
    near.open(heard)
    await heard.ended
    assert.equal(String(heard.bytes), 'six')
  })

  that('one that was accepted can go on as a socket of Node', async (t) => {
    const { near, far } = await accepted(t)
    far.end('question')
    const socket = near.toNodeSocket()
    assert.equal(socket.remotePort, far.localPort)
    assert.equal(String(await allOf(socket)), 'question')
    socket.end('answer')
    assert.equal(String(await allOf(far)), 'answer')
  })
}
