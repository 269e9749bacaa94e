import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { WaitingRoom } from './front-door-waiting-room.ts'

const network = '192.0.2.1'

describe('WaitingRoom', () => {
  it('lets one in for each place, in the order of arrival, by network', () => {
    const room = new WaitingRoom({ maxUnauthorizedConnections: 9, handshakeTimeoutMs: 10_000 })
    const entered: number[] = []
    const sockets = [1, 2, 3].map((n) => {
      const socket = new Socket()
      room.add(network, socket, { onPlace: () => entered.push(n), onTimeout: () => assert.fail('too early') })
      return socket
    })
    room.next('192.0.2.2')
    room.next(network)
    room.next(network)
    assert.deepEqual(entered, [1, 2])
    for (const socket of sockets) socket.destroy()
  })

  it('gives up after the time that a handshake may take', async () => {
    const room = new WaitingRoom({ maxUnauthorizedConnections: 9, handshakeTimeoutMs: 10 })
    const { promise, resolve } = Promise.withResolvers<void>()
    room.add(network, new Socket(), { onPlace: () => assert.fail('it has left'), onTimeout: resolve })
    await promise
    room.next(network)
  })

  it('forgets who left, and takes no more than the limit', async () => {
    const room = new WaitingRoom({ maxUnauthorizedConnections: 1, handshakeTimeoutMs: 10_000 })
    const then = { onPlace: () => {}, onTimeout: () => {} }
    const first = new Socket()
    assert.equal(room.add(network, first, then), true)
    assert.equal(room.add(network, new Socket(), then), false)
    first.destroy()
    await new Promise(setImmediate)
    const second = new Socket()
    assert.equal(room.add(network, second, then), true)
    room.destroyAll()
    assert.equal(second.destroyed, true)
  })
})
