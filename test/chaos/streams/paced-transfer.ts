import { createCipheriv, createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Stalls } from './stalls.ts'

/** How one end of a transfer fared. */
export interface TransferReport {
  readonly sentHash: string
  readonly receivedHash: string
  readonly receivedBytes: number
}

/** How much is sent, and how fast. */
export interface TransferPlan {
  /** No other seed gives the same bytes. */
  readonly seed: number
  readonly bytes: number
  /** The sending is spread over this time; what was held up is made good as fast as it goes. */
  readonly durationMs: number
  /** Notes what comes. */
  readonly stalls: Stalls
}

const pieceBytes = 131_072
const zeros = Buffer.alloc(pieceBytes)

/** Sends bytes evenly over a time and then its end, and reads to the end; rejects when the connection is cut. */
export async function transfer(socket: Socket, plan: TransferPlan): Promise<TransferReport> {
  const received = createHash('sha256')
  let receivedBytes = 0
  const reading = (async (): Promise<void> => {
    for await (const chunk of socket) {
      plan.stalls.noteProgress()
      received.update(chunk as Buffer)
      receivedBytes += (chunk as Buffer).length
    }
  })()
  const [sentHash] = await Promise.all([send(socket, plan), reading])
  return { sentHash, receivedHash: received.digest('hex'), receivedBytes }
}

async function send(socket: Socket, { seed, bytes, durationMs }: TransferPlan): Promise<string> {
  const hash = createHash('sha256')
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16))
  const startedAtMs = performance.now()
  for (let sent = 0; sent < bytes; ) {
    const dueAtMs = startedAtMs + (sent / bytes) * durationMs
    if (dueAtMs > performance.now()) await wait(dueAtMs - performance.now())
    const piece = cipher.update(zeros.subarray(0, Math.min(pieceBytes, bytes - sent)))
    hash.update(piece)
    sent += piece.length
    if (!socket.write(piece)) await drained(socket)
  }
  socket.end()
  return hash.digest('hex')
}

async function drained(socket: Socket): Promise<void> {
  const over = new AbortController()
  try {
    // A socket that was cut does not drain.
    await Promise.race([
      once(socket, 'drain', { signal: over.signal }),
      once(socket, 'close', { signal: over.signal }).then(() => {
        throw new Error('the connection was cut')
      }),
    ])
  } finally {
    over.abort()
  }
}
