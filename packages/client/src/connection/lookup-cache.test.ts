import assert from 'node:assert/strict'
import type { lookup } from 'node:dns'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { LookupCache } from './lookup-cache.ts'

function countingCache(): { cache: LookupCache; count: () => number; clock: { nowMs: number } } {
  let calls = 0
  const clock = { nowMs: 0 }
  const resolve = ((_host: string, _options: object, callback: (error: null, found: object[]) => void) => {
    calls += 1
    process.nextTick(() => callback(null, [{ address: '127.0.0.1', family: 4 }]))
  }) as unknown as typeof lookup
  return { cache: new LookupCache(resolve, () => clock.nowMs), count: () => calls, clock }
}

const ask = (cache: LookupCache, all: boolean): Promise<unknown[]> =>
  new Promise((resolve) => cache.lookup('relay.example.test', { all }, (...answer) => resolve(answer)))

test('a name is asked for once in two seconds, in both forms of the answer', async () => {
  const { cache, count, clock } = countingCache()
  assert.deepEqual(await ask(cache, true), [null, [{ address: '127.0.0.1', family: 4 }]])
  clock.nowMs = 1_999
  assert.deepEqual(await ask(cache, false), [null, '127.0.0.1', 4])
  assert.equal(count(), 1)
  clock.nowMs = 2_000
  await ask(cache, true)
  assert.equal(count(), 2)
})

test('a cleared cache asks again', async () => {
  const { cache, count } = countingCache()
  await ask(cache, true)
  cache.clear()
  await ask(cache, true)
  assert.equal(count(), 2)
})

test('an answer from the cache is one that net.connect takes', async () => {
  const { cache, count } = countingCache()
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  for (let i = 0; i < 2; i += 1) {
    const { port } = server.address() as { port: number }
    const socket = connect({ host: 'relay.example.test', port, lookup: cache.lookup })
    await once(socket, 'connect', { signal: AbortSignal.timeout(5_000) })
    socket.destroy()
  }
  server.close()
  assert.equal(count(), 1)
})
