import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Message } from './message.ts'
import type { Receiver } from './receiver.ts'
import { ReceiverGroup } from './receiver-group.ts'

class Memory implements Receiver {
  readonly written: Uint8Array[] = []
  messages = 0
  isFull = false
  isEnding = false
  bufferedBytes: number
  readonly #fails: boolean

  constructor(options: { readonly bufferedBytes?: number; readonly fails?: boolean } = {}) {
    this.bufferedBytes = options.bufferedBytes ?? 0
    this.#fails = options.fails ?? false
  }

  get text(): string {
    return Buffer.concat(this.written).toString()
  }

  deliver(bytes: Uint8Array, messages: number): void {
    if (this.#fails) throw new Error('of this receiver')
    this.written.push(bytes)
    this.messages += messages
  }
}

function message(body: string): Message {
  const source = { requestTarget: '/', headers: {}, contentType: '', remote: { address: '::1', port: 1 } }
  return { id: '', delivery: 'publish', source, body: Buffer.from(body) }
}

function group(receivers: readonly Memory[], queueBytes = 10) {
  const faults: unknown[] = []
  let encoded = 0
  const made = new ReceiverGroup({
    receivers,
    queueBytes,
    encode: ({ body }) => {
      encoded += 1
      return body
    },
    onFull: (receiver) => {
      receiver.isFull = true
    },
    onFault: (error) => faults.push(error),
  })
  return { made, faults, encoded: () => encoded }
}

test('a message is encoded once, and all of a turn are one write of the same bytes for each receiver', () => {
  const receivers = [new Memory(), new Memory(), new Memory()]
  const { made, encoded } = group(receivers)
  assert.deepEqual([made.add(message('ab')), made.add(message('c'))], [3, 3])
  made.flush()
  assert.equal(encoded(), 2)
  assert.deepEqual(
    receivers.map(({ text, written, messages }) => [text, written.length, messages]),
    [
      ['abc', 1, 2],
      ['abc', 1, 2],
      ['abc', 1, 2],
    ],
  )
  assert.equal(receivers[0]?.written[0], receivers[1]?.written[0])
})

test('who has no room gets what came before, is told, and misses the rest of the turn; others are not concerned', () => {
  const [slow, fast, closed] = [new Memory({ bufferedBytes: 7 }), new Memory(), new Memory()]
  closed.isEnding = true
  const { made } = group([slow, fast, closed])
  assert.deepEqual([made.add(message('abc')), made.missed], [2, 0])
  assert.deepEqual([made.add(message('d')), made.missed], [1, 1])
  assert.deepEqual([made.add(message('')), made.missed], [1, 1])
  made.flush()
  assert.deepEqual([slow.text, slow.messages, slow.isFull], ['abc', 1, true])
  assert.deepEqual([fast.text, fast.messages, fast.isFull], ['abcd', 3, false])
  assert.deepEqual([closed.text, closed.isFull], ['', false])
})

test('one with nothing before it takes a message of any size, and then no other', () => {
  const empty = new Memory()
  const { made } = group([empty])
  assert.deepEqual([made.add(message('larger than ten')), made.add(message('x')), made.missed], [1, 0, 1])
  made.flush()
  assert.deepEqual([empty.text, empty.isFull], ['larger than ten', true])
})

test('a fault of one receiver reaches no other one', () => {
  const [before, faulty, after] = [new Memory(), new Memory({ fails: true }), new Memory()]
  const { made, faults } = group([before, faulty, after])
  made.add(message('a'))
  made.flush()
  assert.deepEqual([before.text, after.text, faults.length], ['a', 'a', 1])
})
