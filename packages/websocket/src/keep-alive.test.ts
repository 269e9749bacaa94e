import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeepAlive, type KeepAlivePeer } from './keep-alive.ts'

class Peer implements KeepAlivePeer {
  bytesReceived = 0
  isPaused = false
  pings = 0
  silent = 0
  readonly #answers: boolean

  constructor({ answers }: { readonly answers: boolean }) {
    this.#answers = answers
  }

  ping(): void {
    this.pings++
    if (this.#answers) this.bytesReceived += 6
  }

  onSilent(): void {
    this.silent++
  }
}

const intervalMs = 30_000

test('a peer that answers is pinged for ever', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const keepAlive = new KeepAlive({ intervalMs })
  const peer = new Peer({ answers: true })
  keepAlive.add(peer)
  for (let i = 0; i < 20; i++) t.mock.timers.tick(intervalMs)
  assert.equal(peer.pings, 20)
  assert.equal(peer.silent, 0)
  keepAlive.close()
})

test('a peer that left two pings unanswered is reported once and not pinged again', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const keepAlive = new KeepAlive({ intervalMs, maxMissed: 2 })
  const dead = new Peer({ answers: false })
  const living = new Peer({ answers: true })
  keepAlive.add(dead)
  keepAlive.add(living)
  t.mock.timers.tick(2 * intervalMs)
  assert.deepEqual([dead.pings, dead.silent], [2, 0])
  t.mock.timers.tick(intervalMs)
  assert.deepEqual([dead.pings, dead.silent], [2, 1])
  t.mock.timers.tick(5 * intervalMs)
  assert.deepEqual([dead.pings, dead.silent, living.silent], [2, 1, 0])
  keepAlive.close()
})

test('any byte counts as an answer', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const keepAlive = new KeepAlive({ intervalMs })
  const peer = new Peer({ answers: false })
  keepAlive.add(peer)
  for (let i = 0; i < 10; i++) {
    peer.bytesReceived++
    t.mock.timers.tick(intervalMs)
  }
  assert.equal(peer.silent, 0)
  keepAlive.close()
})

test('a peer that is not being read is not judged, and has all its chances afterwards', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const keepAlive = new KeepAlive({ intervalMs })
  const peer = new Peer({ answers: false })
  keepAlive.add(peer)
  peer.isPaused = true
  t.mock.timers.tick(10 * intervalMs)
  assert.equal(peer.silent, 0)
  peer.isPaused = false
  t.mock.timers.tick(intervalMs)
  assert.equal(peer.silent, 0)
  t.mock.timers.tick(2 * intervalMs)
  assert.equal(peer.silent, 1)
  keepAlive.close()
})

test('a peer may remove itself, or another, while it is told', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  // So short that all are pinged together.
  const keepAlive = new KeepAlive({ intervalMs: 250, maxMissed: 1 })
  const other = new Peer({ answers: true })
  const peer = new Peer({ answers: false })
  peer.onSilent = () => {
    keepAlive.delete(peer)
    keepAlive.delete(other)
  }
  keepAlive.add(peer)
  keepAlive.add(other)
  t.mock.timers.tick(500)
  assert.equal(keepAlive.size, 0)
  assert.equal(other.pings, 1)
})

test('thousands that came together are not pinged together, and each is pinged once in an interval', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const keepAlive = new KeepAlive({ intervalMs })
  const peers = Array.from({ length: 6_000 }, () => new Peer({ answers: true }))
  for (const peer of peers) keepAlive.add(peer)
  const pinged = (): number => peers.reduce((sum, { pings }) => sum + pings, 0)
  let most = 0
  for (let at = 0; at < intervalMs; at += 250) {
    const before = pinged()
    t.mock.timers.tick(250)
    most = Math.max(most, pinged() - before)
  }
  // 100 on average, in the second half of the interval.
  assert.ok(most < 200, `${most} at once`)
  assert.deepEqual([...new Set(peers.map(({ pings }) => pings))], [1])
  keepAlive.close()
})

test('a peer that has just come is not pinged before half an interval is over', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const keepAlive = new KeepAlive({ intervalMs })
  keepAlive.add(new Peer({ answers: true }))
  // Somewhere inside an interval of the others.
  t.mock.timers.tick(7_000)
  const late = Array.from({ length: 500 }, () => new Peer({ answers: true }))
  for (const peer of late) keepAlive.add(peer)
  t.mock.timers.tick(intervalMs / 2)
  assert.ok(late.every(({ pings }) => pings === 0))
  t.mock.timers.tick(intervalMs / 2)
  assert.ok(late.every(({ pings }) => pings === 1))
  keepAlive.close()
})

test('no timer runs without peers, and one starts again with the next', (t) => {
  const keepAlive = new KeepAlive({ intervalMs })
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const peer = new Peer({ answers: true })
  keepAlive.add(peer)
  assert.equal(timers(), before + 1)
  keepAlive.delete(peer)
  assert.equal(timers(), before)
  keepAlive.add(peer)
  assert.equal(timers(), before + 1)
  keepAlive.close()
  assert.equal(timers(), before)
  t.diagnostic(`${before} timers besides`)
})
