import { isUtf8 } from 'node:buffer'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MessageAction, MessageReceipt, MessageStreamOptions, Sender } from '@postern/client'
import { maxMessageBytes, type RelayError } from '@postern/protocol'
import { readLines } from './read-lines.ts'

/** What {@link sendLines} does with what comes of each line. */
export interface SendLinesOptions extends MessageStreamOptions {
  readonly action: MessageAction
  /** Messages a second, at most. */
  readonly rate: number
  readonly onReceipt: (line: number, receipt: MessageReceipt) => void
  readonly onFailure: (line: number, error: RelayError) => void
}

/** What became of all lines. */
export interface SentLines {
  readonly sent: number
  readonly failed: number
  /** Sum of receivers. */
  readonly deliveries: number
}

/**
 * Sends each line as one message over one WebSocket, in order, not faster than it may be and not faster than the relay takes them. It
 * stops where the connection is lost: which lines arrived is told by what became of each.
 *
 * @throws {RelayError} when it cannot be opened, or a line is too long
 */
export async function sendLines(
  sender: Sender,
  source: AsyncIterable<Uint8Array>,
  { action, rate, onReceipt, onFailure, timeoutMs, ...options }: SendLinesOptions,
): Promise<SentLines> {
  await using messages = await sender.openMessages(action, {
    ...options,
    ...(timeoutMs !== undefined && { timeoutMs }),
  })
  const result = { sent: 0, failed: 0, deliveries: 0 }
  const startedAtMs = performance.now()
  let lines = 0
  for await (const line of readLines(source, options.maxMessageBytes ?? maxMessageBytes)) {
    const waitMs = startedAtMs + (lines * 1_000) / rate - performance.now()
    // Shorter waits than a timer can keep are made up for by the next one.
    if (waitMs > 5) await sleep(waitMs)
    await messages.ready
    lines += 1
    const number = lines
    messages.send(isUtf8(line) ? line.toString() : line).then(
      (receipt) => {
        result.sent += 1
        result.deliveries += receipt.receivers
        onReceipt(number, receipt)
      },
      (error: RelayError) => {
        result.failed += 1
        onFailure(number, error)
      },
    )
    if (!messages.isOpen) break
  }
  await messages.close(timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) })
  return result
}
