// Clients of a tunnel that check every byte. usage: node tunnel-load.ts PORT SEED LANES
// Told to pause, it lets what is open come to its end and says that it is idle.
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { encodePayloadHeader, maxPieceBytes, PayloadReader, payloadBytes } from './payload.ts'
import { createRandom } from './random.ts'

/** How one client connection ended, for the test. */
export interface ClientReport {
  readonly kind: 'client'
  readonly id: number
  /**
   * ended: the echo came to a regular end (FIN). broken: it was cut. cancelled: the client itself cut it, as planned.
   * stuck: nothing moved for longer than any recovery takes.
   */
  readonly outcome: 'ended' | 'broken' | 'cancelled' | 'stuck'
  /** Everything that came was what had been sent, in its order. */
  readonly isPrefix: boolean
  /** Everything that had been sent came back, and nothing else. */
  readonly isWhole: boolean
  readonly received: number
  readonly planned: number
  readonly openedAtMs: number
  /** When the target's first word came; undefined when none did. */
  readonly reachedAtMs?: number
  readonly endedAtMs: number
}

/** What this process tells the test besides. */
export interface IdleReport {
  readonly kind: 'idle'
}

const [port = 0, seed = 0, lanes = 1] = process.argv.slice(2).map(Number)
/** No side of a killed process is silent: the system ends its sockets. What hangs for so long, hangs for ever. */
const stuckAfterMs = 20_000
/** What the target says first. */
const doorBytes = 1
const random = createRandom(seed)
let nextId = 1
let isPausing = false

interface Plan {
  readonly bytes: number
  readonly pieceBytes: number
  /** Pause between two pieces, ms; 0 sends as fast as it is taken. */
  readonly paceMs: number
  /** Cuts the connection after so many bytes were sent. */
  readonly cancelAfter?: number
}

process.on('message', (message) => {
  if (message === 'pause') isPausing = true
  if (message === 'go on') void runLanes()
})
void runLanes()
console.log('ready')

async function runLanes(): Promise<void> {
  isPausing = false
  // Pausing is no reason to exit: an end by itself would be one that nobody asked for.
  process.channel?.ref()
  await Promise.all(Array.from({ length: lanes }, runLane))
  process.send?.({ kind: 'idle' } satisfies IdleReport)
}

async function runLane(): Promise<void> {
  while (!isPausing) {
    const report = await converse(plan())
    process.send?.(report)
    // While a port is closed, refusals would come thousands of times a second.
    await wait(random.between(10, 80))
  }
}

function plan(): Plan {
  const dice = random.next()
  if (dice < 0.4) return { bytes: random.between(0, 4096), pieceBytes: 4096, paceMs: 0 }
  if (dice < 0.6) return { bytes: random.between(0, 1_500_000), pieceBytes: maxPieceBytes, paceMs: 0 }
  if (dice < 0.9) return { bytes: random.between(200, 6000), pieceBytes: 60, paceMs: 40 }
  const bytes = random.between(1, 500_000)
  return { bytes, pieceBytes: 16_384, paceMs: 0, cancelAfter: random.between(0, bytes) }
}

/** Sends what is planned, reads the echo beside it. */
function converse(plan: Plan): Promise<ClientReport> {
  const id = nextId++
  const openedAtMs = Date.now()
  const reader = new PayloadReader(doorBytes)
  let outcome: ClientReport['outcome'] = 'broken'
  let reached: { readonly reachedAtMs: number } | undefined
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const cut = (why: 'cancelled' | 'stuck'): void => {
      outcome = why
      socket.resetAndDestroy()
    }
    socket.setTimeout(stuckAfterMs, () => cut('stuck'))
    socket.on('data', (chunk) => {
      reached ??= { reachedAtMs: Date.now() }
      reader.push(chunk)
    })
    socket.on('end', () => {
      outcome = 'ended'
      // An end before ours: the rest would only be answered by a reset.
      if (!socket.writableEnded) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      const isPrefix = !reader.isWrong && (reader.id === undefined || reader.id === id)
      const bytes = { received: reader.received, planned: plan.bytes }
      const times = { openedAtMs, ...reached, endedAtMs: Date.now() }
      resolve({ kind: 'client', id, outcome, isPrefix, isWhole: isPrefix && reader.isWhole, ...bytes, ...times })
    })
    void send(socket, { ...plan, id, onCancel: () => cut('cancelled') })
  })
}

async function send(
  socket: Socket,
  plan: Plan & { readonly id: number; readonly onCancel: () => void },
): Promise<void> {
  const { id, bytes, pieceBytes, paceMs, cancelAfter = Number.POSITIVE_INFINITY } = plan
  socket.write(encodePayloadHeader(id, bytes))
  for (let at = 0; at < bytes && !socket.destroyed; at += pieceBytes) {
    if (at >= cancelAfter) return plan.onCancel()
    const isTaken = socket.write(payloadBytes(id, at, Math.min(pieceBytes, bytes - at)))
    if (!isTaken) await drained(socket)
    if (paceMs > 0) await wait(isPausing ? 1 : paceMs)
  }
  socket.end()
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
    if (socket.destroyed) done()
  })
}
