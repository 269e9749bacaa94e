import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Stalls } from './stalls.ts'

/** Between an answer and the next question. */
const paceMs = 20

/**
 * Asks an echo one short question after the other until it is told to stop, then ends; resolves with how many were answered, and
 * rejects when the connection is cut or the answer is another one.
 */
export async function playPingPong(
  socket: Socket,
  { stalls, signal }: { readonly stalls: Stalls; readonly signal: AbortSignal },
): Promise<number> {
  let count = 0
  let heard = Buffer.alloc(0)
  socket.write(wordOf(count))
  for await (const chunk of socket) {
    heard = Buffer.concat([heard, chunk as Buffer])
    const word = wordOf(count)
    if (heard.length < word.length) continue
    assert.deepEqual(heard, word)
    heard = Buffer.alloc(0)
    stalls.noteProgress()
    count += 1
    await wait(paceMs)
    if (signal.aborted) socket.end()
    else socket.write(wordOf(count))
  }
  assert.equal(heard.length, 0)
  assert.ok(signal.aborted, 'an end that nobody has asked for')
  return count
}

function wordOf(count: number): Buffer {
  return Buffer.from(`${count}\n`.padStart(8, '0'))
}
