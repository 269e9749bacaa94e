// Publishers that send all that they may, quick receivers, slow ones, and some that never read, around a relay of its own process.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { RawWebSocket, ScriptedListener, signToken } from '@postern/testkit'
import { Opcode } from '@postern/websocket'
import { peakResidentBytes, resetPeak, residentBytes } from './process-facts.ts'
import { RelayProcess } from './relay-process.ts'

export interface OverloadOptions {
  readonly durationMs: number
}

const mib = 1_048_576
/** Large enough for the network, not the number of messages, to be what is short. */
const bodyBytes = 32 * 1024
const publishers = 3
const quickSubscribers = 2
const idleReaders = 3
/** So much of all publishers together fits what may wait for one receiver: who reads at once loses little. */
const maxUnanswered = 2
/** 256 KiB for each receiver that does not read, what the kernel and TLS hold, and a young generation that has grown. */
const maxGrowthBytes = 100 * mib

/** The relay's memory stays where it was after the first tenth, nobody is held up, and every loss is told. */
export async function expectBoundedMemory(context: TestContext, { durationMs }: OverloadOptions): Promise<void> {
  await using relay = await RelayProcess.start(
    [{ name: 'news', actions: ['publish', 'subscribe'] }],
    ['--max-messages-per-second', '1000000'],
  )
  const crowd = new Crowd(relay, durationMs)
  await crowd.start()
  const { pid } = relay.program
  await crowd.until(0.1)
  const early = residentBytes(pid)
  resetPeak(pid)
  const earlyMessages = crowd.quick.map(({ messages }) => messages)
  await crowd.until(1)
  const growth = peakResidentBytes(pid) - early
  const facts = {
    published: crowd.published,
    quick: crowd.quick,
    closedForLoss: crowd.losses,
    dropped: await relay.metric('postern_messages_dropped_total'),
    earlyMiB: Math.round(early / mib),
    growthMiB: Math.round(growth / mib),
  }
  context.diagnostic(JSON.stringify(facts))
  await crowd.stop()
  assert.ok(growth < maxGrowthBytes, `the relay grew by ${growth} bytes: ${JSON.stringify(facts)}`)
  assert.ok(facts.dropped > 0, `who does not read loses messages, and the metric says so: ${JSON.stringify(facts)}`)
  assert.ok(
    crowd.losses > idleReaders,
    'a subscriber that does not read is closed with 1013, each time that it comes back',
  )
  for (const [index, { messages }] of crowd.quick.entries()) {
    const early = earlyMessages[index] ?? 0
    assert.ok(early > 0 && messages > 2 * early, `the quick ones get messages to the end: ${JSON.stringify(facts)}`)
  }
}

/** What a subscriber got that reads at once. */
interface QuickSubscriber {
  messages: number
  losses: number
}

class Crowd {
  readonly quick: QuickSubscriber[] = []
  published = 0
  losses = 0
  readonly #relay: RelayProcess
  readonly #endsAt: number
  readonly #durationMs: number
  readonly #sockets = new Set<RawWebSocket>()
  readonly #works: Promise<void>[] = []
  #isOver = false

  constructor(relay: RelayProcess, durationMs: number) {
    this.#relay = relay
    this.#durationMs = durationMs
    this.#endsAt = performance.now() + durationMs
  }

  async start(): Promise<void> {
    for (let count = 0; count < quickSubscribers; count += 1) {
      const subscriber = { messages: 0, losses: 0 }
      this.quick.push(subscriber)
      this.#works.push(this.#readAtOnce(subscriber, await this.#open('subscribe')))
    }
    await this.#idleListener()
    for (let count = 0; count < idleReaders; count += 1) this.#works.push(this.#neverRead())
    for (let count = 0; count < publishers; count += 1) this.#works.push(this.#publish(count))
  }

  /** Waits until this share of the time is over; fails as soon as somebody of the crowd does. */
  async until(share: number): Promise<void> {
    const leftMs = this.#endsAt - (1 - share) * this.#durationMs - performance.now()
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, leftMs)
    await Promise.race([promise, ...this.#works]).finally(() => clearTimeout(timer))
  }

  async stop(): Promise<void> {
    this.#isOver = true
    for (const socket of this.#sockets) socket.abort()
    await Promise.all(this.#works)
  }

  async #open(action: 'subscribe' | 'publish'): Promise<RawWebSocket> {
    const { listen, send } = this.#relay.access('news')
    const token = signToken(action === 'subscribe' ? listen : send)
    const url = `${this.#relay.data.replace('https', 'wss')}/$hc/news?sb-hc-action=${action}`
    const headers = { ServiceBusAuthorization: token }
    const socket = await RawWebSocket.dial({ url, headers, tls: { ca: this.#relay.caPem } })
    this.#sockets.add(socket)
    socket.socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }

  async #idleListener(): Promise<void> {
    const url = `${this.#relay.data.replace('https', 'wss')}/$hc/news?sb-hc-action=listen`
    const token = signToken(this.#relay.access('news').listen)
    const { control } = await ScriptedListener.open({ url, token, tls: { ca: this.#relay.caPem } })
    control.socket.pause()
    this.#sockets.add(control)
  }

  /** The messages of each publisher come in order. Who is closed for loss all the same comes back. */
  async #readAtOnce(subscriber: QuickSubscriber, first: RawWebSocket): Promise<void> {
    const last = new Map<number, number>()
    for (let socket = first; !this.#isOver; socket = await this.#open('subscribe')) {
      for (;;) {
        const frame = await socket.frames.next(60_000).catch(() => undefined)
        if (frame === undefined || frame.opcode === Opcode.close) break
        if (frame.opcode === Opcode.ping) socket.send(Opcode.pong, frame.payload)
        if (frame.opcode !== Opcode.binary) continue
        const [publisher, number] = [frame.payload.readUInt32BE(0), frame.payload.readUInt32BE(4)]
        assert.ok(number > (last.get(publisher) ?? -1), 'messages of one publisher come in order')
        last.set(publisher, number)
        subscriber.messages += 1
      }
      if (!this.#isOver) subscriber.losses += 1
      socket.abort()
    }
  }

  /** Reads nothing until the relay must have given it up, then hears why, and comes back. */
  async #neverRead(): Promise<void> {
    while (!this.#isOver) {
      const socket = await this.#open('subscribe')
      socket.socket.pause()
      const before = this.published
      while (this.published < before + 400 && !this.#isOver) await this.#nextAck()
      socket.socket.resume()
      for (;;) {
        const frame = await socket.frames.next(60_000).catch(() => undefined)
        if (frame === undefined) break
        if (frame.opcode === Opcode.close) {
          if (frame.payload.readUInt16BE(0) === 1013) this.losses += 1
          socket.close(1000)
          socket.socket.end()
        }
      }
      socket.abort()
    }
  }

  async #nextAck(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onAck.push(resolve)
    })
  }

  #onAck: (() => void)[] = []

  async #publish(publisher: number): Promise<void> {
    const socket = await this.#open('publish')
    const body = Buffer.alloc(bodyBytes, 'x')
    body.writeUInt32BE(publisher, 0)
    let sent = 0
    let answered = 0
    while (!this.#isOver) {
      while (sent - answered < maxUnanswered) {
        body.writeUInt32BE(sent, 4)
        socket.binary(body)
        sent += 1
      }
      if (socket.socket.writableNeedDrain) await Promise.race([once(socket.socket, 'drain'), socket.ended])
      const frame = await socket.frames.next(60_000).catch(() => undefined)
      if (frame === undefined) break
      if (frame.opcode === Opcode.ping) socket.send(Opcode.pong, frame.payload)
      if (frame.opcode !== Opcode.text) continue
      assert.match(frame.payload.toString(), /^{"ack":/)
      answered += 1
      this.published += 1
      for (const tell of this.#onAck.splice(0)) tell()
    }
    assert.ok(this.#isOver, 'a publisher is never cut')
    for (const tell of this.#onAck.splice(0)) tell()
  }
}
