import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { StubRelay } from '@postern/testkit'
import { Bridge } from '../bridge.ts'

const signal = (): AbortSignal => AbortSignal.timeout(30_000)

/** A relay that can be killed, between two bridges and a service of this process. */
class Bed {
  readonly local: Bridge
  readonly remote: Bridge
  readonly #port: number
  #relay: StubRelay

  private constructor(relay: StubRelay, local: Bridge, remote: Bridge) {
    this.#relay = relay
    this.#port = relay.port
    this.local = local
    this.remote = remote
  }

  static async open(t: TestContext, onSocket: (socket: Socket) => void): Promise<Bed> {
    const relay = await StubRelay.start()
    const target = await serve(t, onSocket)
    const remote = new Bridge({ relay: relay.location, remoteForwards: [`db:127.0.0.1:${target}`] })
    const local = new Bridge({ relay: relay.location, localForwards: ['127.0.0.1:0:db'] })
    const bed = new Bed(relay, local, remote)
    t.after(async () => {
      await Promise.all([local.stop({ graceMs: 0 }), remote.stop({ graceMs: 0 })])
      await bed.#relay[Symbol.asyncDispose]()
    })
    await Promise.all([remote.start(), local.start()])
    await remote.online(signal())
    return bed
  }

  dial(): Socket {
    const port = Number(/(\d+)$/.exec(this.local.status[0]?.addresses[0] ?? '')?.[1])
    return connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  }

  kill(): Promise<void> {
    return this.#relay.kill()
  }

  async revive(): Promise<void> {
    this.#relay = await StubRelay.start(this.#port)
  }
}

async function serve(t: TestContext, onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    onSocket(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return (server.address() as { port: number }).port
}

const echo = (socket: Socket): void => void socket.pipe(socket)

async function heard(socket: Socket): Promise<Buffer> {
  const [chunk] = (await once(socket, 'data', { signal: signal() })) as [Buffer]
  return chunk
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

test('a direction that has ended stays ended across deaths of the relay, and the other goes on', async (t) => {
  const atTarget = Promise.withResolvers<Socket>()
  const bed = await Bed.open(t, (socket) => atTarget.resolve(socket))
  const client = bed.dial()
  client.end('all that I say')
  const target = await atTarget.promise
  assert.equal(String(await buffer(target)), 'all that I say')
  target.write('first, ')
  assert.equal(String(await heard(client)), 'first, ')
  for (const word of ['second, ', 'third']) {
    await bed.kill()
    target.write(word)
    await bed.revive()
    assert.equal(String(await heard(client)), word)
  }
  await bed.kill()
  target.end('.')
  await bed.revive()
  assert.equal(String(await buffer(client)), '.')
})

test('a service that has ended its direction hears all that comes across deaths of the relay', async (t) => {
  const atTarget = Promise.withResolvers<Buffer>()
  const bed = await Bed.open(t, (socket) => {
    socket.end('no more from here')
    buffer(socket).then(atTarget.resolve, atTarget.reject)
  })
  const client = bed.dial()
  assert.equal(String(await buffer(client)), 'no more from here')
  const parts = Array.from({ length: 3 }, () => randomBytes(400_000))
  for (const part of parts) {
    client.write(part)
    await bed.kill()
    await bed.revive()
  }
  client.end()
  assert.ok((await atTarget.promise).equals(Buffer.concat(parts)))
})

test('200 streams go on across three deaths of the relay, each with its own bytes', async (t) => {
  const bed = await Bed.open(t, echo)
  const streams = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const client = bed.dial()
      const parts = Array.from({ length: 4 }, () => randomBytes(20_000))
      client.write(parts[0]!)
      const first = await heard(client)
      return { client, parts, first, rest: buffer(client) }
    }),
  )
  const other = bed.dial()
  for (const round of [1, 2, 3]) {
    for (const { client, parts } of streams) client.write(parts[round]!)
    other.write('are you there?')
    await bed.kill()
    await bed.revive()
    await heard(other)
  }
  other.destroy()
  for (const { client } of streams) client.end()
  for (const { parts, first, rest } of streams) {
    assert.equal(hashOf(Buffer.concat([first, await rest])), hashOf(Buffer.concat(parts)))
  }
})

test('a relay that dies again before all is mended costs nothing but time', async (t) => {
  const bed = await Bed.open(t, echo)
  const client = bed.dial()
  const parts = Array.from({ length: 12 }, () => randomBytes(100_000))
  client.write(parts[0]!)
  const first = await heard(client)
  const rest = buffer(client)
  for (const [index, part] of parts.slice(1).entries()) {
    client.write(part)
    await bed.kill()
    await bed.revive()
    // Deaths in every phase: before anybody is back, amid the handshakes, amid what is sent again.
    await new Promise((resolve) => setTimeout(resolve, index * 60))
  }
  client.end()
  assert.equal(hashOf(Buffer.concat([first, await rest])), hashOf(Buffer.concat(parts)))
})

test('a target that was reached when the relay died is the one that is used when it is back', async (t) => {
  let reached = 0
  const firstReached = Promise.withResolvers<void>()
  const bed = await Bed.open(t, (socket) => {
    reached += 1
    firstReached.resolve()
    echo(socket)
  })
  const client = bed.dial()
  client.write('asked once')
  await firstReached.promise
  // The word that it was reached has not left the listener.
  await bed.kill()
  await bed.revive()
  assert.equal(String(await heard(client)), 'asked once')
  assert.equal(reached, 1)
  client.end()
  await buffer(client)
})

test('streams that are opened while the relay dies reach the target once or not at all', async (t) => {
  const heardBy = new Map<string, number>()
  let begun = Promise.withResolvers<void>()
  const bed = await Bed.open(t, (socket) => {
    socket.once('data', (word: Buffer) => {
      heardBy.set(String(word), (heardBy.get(String(word)) ?? 0) + 1)
      begun.resolve()
      socket.end(word)
    })
  })
  const proven = bed.dial()
  proven.end('proven')
  await buffer(proven)
  const outcomes: Promise<string>[] = []
  for (let round = 0; round < 4; round += 1) {
    begun = Promise.withResolvers()
    for (let index = 0; index < 40; index += 1) {
      const client = bed.dial()
      client.write(`word ${round}.${index}`)
      outcomes.push(
        buffer(client).then(
          (answer) => String(answer),
          () => 'cut',
        ),
      )
      if (index === 10 + round * 7) {
        // Some have arrived, others are on their way, and the rest comes when nobody is there.
        await begun.promise
        await bed.kill()
      }
      if (index % 5 === round) await new Promise((resolve) => setImmediate(resolve))
    }
    await bed.revive()
    await bed.remote.online(signal())
  }
  const answers = await Promise.all(outcomes)
  for (const [at, answer] of answers.entries()) {
    const word = `word ${Math.floor(at / 40)}.${at % 40}`
    assert.ok(answer === word || answer === 'cut', `${word} was answered ${answer}`)
    assert.ok((heardBy.get(word) ?? 0) <= 1, `${word} came ${heardBy.get(word)} times`)
  }
  const whole = answers.filter((answer) => answer !== 'cut').length
  assert.ok(whole >= 8, `${whole} of 160 came through`)
})

test('what a program has not read when the relay dies is there when it reads', async (t) => {
  const bytes = randomBytes(8_000_000)
  const bed = await Bed.open(t, (socket) => socket.end(bytes))
  const client = bed.dial()
  await once(client, 'readable', { signal: signal() })
  for (const _ of [1, 2]) {
    await bed.kill()
    await bed.revive()
    // It reads a little and stops again.
    client.unshift(client.read() as Buffer)
    await once(client, 'readable', { signal: signal() })
  }
  assert.equal(hashOf(await buffer(client)), hashOf(bytes))
})
