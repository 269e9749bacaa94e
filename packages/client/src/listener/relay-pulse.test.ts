import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { NetworkChanges } from './network-changes.ts'
import { type PulseChannel, type PulsePeer, RelayPulse } from './relay-pulse.ts'

let nowMs = 0
let addresses: string[] = []

beforeEach(() => {
  nowMs = 0
  addresses = ['10.0.0.2']
  mock.timers.enable({ apis: ['setInterval'] })
  mock.method(performance, 'now', () => nowMs)
})

afterEach(() => {
  mock.timers.reset()
  mock.restoreAll()
})

function pass(seconds: number): void {
  for (let i = 0; i < seconds; i += 1) {
    nowMs += 1_000
    mock.timers.tick(1_000)
  }
}

function newPulse(): RelayPulse {
  const interfaces = (): object => ({ eth0: addresses.map((address) => ({ address })) })
  const changes = new NetworkChanges({ now: () => nowMs, date: () => nowMs, interfaces: interfaces as never })
  return new RelayPulse({ changes })
}

/** A listener whose relay answers every ping, as long as it is there. */
class Peer implements PulsePeer {
  channel: (PulseChannel & { bytesReceived: number; pings: number }) | undefined
  late = 0
  changed = 0
  isAnswered = true
  readonly origin: string

  constructor(origin = 'wss://relay.test') {
    this.origin = origin
    this.connect()
  }

  connect(): void {
    const ping = (): void => {
      if (!this.channel) return
      this.channel.pings += 1
      if (this.isAnswered) this.channel.bytesReceived += 2
    }
    this.channel = { bytesReceived: 100, localAddress: '10.0.0.2', pings: 0, ping }
  }

  onLate(): void {
    this.late += 1
  }

  onNetworkChange(): void {
    this.changed += 1
  }
}

function watched(...peers: readonly Peer[]): RelayPulse {
  const pulse = newPulse()
  for (const peer of peers) pulse.add(peer)
  return pulse
}

test('a relay that has said nothing for 4 s is asked', () => {
  const peer = new Peer()
  watched(peer)
  pass(3)
  assert.equal(peer.channel?.pings, 0)
  pass(1)
  assert.equal(peer.channel?.pings, 1)
  pass(60)
  assert.equal(peer.late, 0)
})

test('a relay that talks is not asked', () => {
  const peer = new Peer()
  watched(peer)
  for (let i = 0; i < 20; i += 1) {
    peer.channel!.bytesReceived += 1
    pass(1)
  }
  assert.equal(peer.channel?.pings, 0)
})

test('a silent relay is late within 8 s, and that is said once', () => {
  const peer = new Peer()
  watched(peer)
  peer.isAnswered = false
  pass(8)
  assert.equal(peer.late, 1)
  pass(60)
  assert.equal(peer.late, 1)
})

test('after a sign of life the next silence is a new one', () => {
  const peer = new Peer()
  watched(peer)
  peer.isAnswered = false
  pass(8)
  peer.channel!.bytesReceived += 1
  pass(9)
  assert.equal(peer.late, 2)
})

test('one channel asks for all of a relay, each in its turn', () => {
  const peers = Array.from({ length: 50 }, () => new Peer())
  watched(...peers)
  pass(100)
  const pings = peers.map(({ channel }) => channel?.pings ?? 0)
  assert.ok(pings.reduce((sum, count) => sum + count) <= 25, String(pings))
  assert.ok(Math.max(...pings) <= 1)
})

test('when one is late the others of this relay ask too, those of other relays do not', () => {
  const [first, second, elsewhere] = [new Peer(), new Peer(), new Peer('wss://other.test')]
  watched(first, second, elsewhere)
  for (const peer of [first, second]) peer.isAnswered = false
  pass(12)
  assert.deepEqual([first.late, second.late, elsewhere.late], [1, 1, 0])
})

test('a channel that is late does not condemn one that answers', () => {
  const [first, second] = [new Peer(), new Peer()]
  watched(first, second)
  first.isAnswered = false
  pass(60)
  assert.deepEqual([first.late, second.late], [1, 0])
})

test('a new channel begins with a clean slate', () => {
  const peer = new Peer()
  watched(peer)
  peer.isAnswered = false
  pass(8)
  peer.connect()
  pass(4)
  assert.equal(peer.late, 1)
  pass(5)
  assert.equal(peer.late, 2)
})

test('when the addresses change everybody is told and asked at once', () => {
  const [first, offline] = [new Peer(), new Peer()]
  offline.channel = undefined
  watched(first, offline)
  addresses = ['10.0.0.2', '10.0.0.3']
  first.isAnswered = false
  pass(1)
  assert.deepEqual([first.changed, offline.changed, first.channel?.pings], [1, 1, 1])
  pass(3)
  assert.equal(first.late, 1)
})

test('nobody is asked after they have gone', () => {
  const peer = new Peer()
  const pulse = watched(peer)
  pulse.delete(peer)
  addresses = []
  pass(20)
  assert.deepEqual([peer.channel?.pings, peer.changed], [0, 0])
})

test('a channel from an address that the machine has exchanged for another is late at once, however often it moves', () => {
  const peer = new Peer()
  watched(peer)
  pass(1)
  addresses = ['127.0.0.1', '10.0.0.3']
  pass(1)
  assert.deepEqual([peer.late, peer.channel?.pings, peer.changed], [1, 0, 1])
  addresses = ['127.0.0.1', '10.0.0.4']
  pass(1)
  assert.deepEqual([peer.late, peer.channel?.pings, peer.changed], [1, 0, 2])
})

test('a machine without any network only asks: the same address may come back', () => {
  const peer = new Peer()
  watched(peer)
  pass(1)
  addresses = ['127.0.0.1']
  pass(1)
  assert.deepEqual([peer.late, peer.channel?.pings], [0, 1])
  addresses = ['127.0.0.1', '10.0.0.2', '10.0.0.3']
  pass(1)
  assert.equal(peer.late, 0)
})
