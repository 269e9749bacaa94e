import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import type { ListenerDoor } from '../candidates/candidate.ts'

/** Stays far below any accept queue, and below the relay's limits for handshakes. */
const openingAtOnce = 16
const openingTimeoutMs = 10_000
const closingTimeoutMs = 20_000
const accepted = 'HTTP/1.1 101 '

/** Control channels that are open and do nothing. */
export interface HeldListeners {
  readonly open: number
  /** Why the first that failed did. */
  readonly complaint: string
  /** Lets go of them, and resolves when all sockets are closed. */
  release(): Promise<void>
}

/** Opens so many control channels, a few at a time. Stops at the first that fails. */
export async function holdListeners(door: ListenerDoor, count: number): Promise<HeldListeners> {
  const sockets: Socket[] = []
  let started = 0
  let complaint = ''
  const openOnes = async (): Promise<void> => {
    while (started < count && complaint === '') {
      started += 1
      try {
        sockets.push(await openListener(door))
      } catch (error) {
        complaint ||= error instanceof Error ? error.message : String(error)
      }
    }
  }
  await Promise.all(Array.from({ length: openingAtOnce }, openOnes))
  return {
    open: sockets.length,
    complaint,
    release: async () => {
      const signal = AbortSignal.timeout(closingTimeoutMs)
      const closed = sockets.map(async (socket) => void (socket.closed || (await once(socket, 'close', { signal }))))
      for (const socket of sockets) socket.destroy()
      await Promise.all(closed)
    },
  }
}

async function openListener({ host, port, ca, request }: ListenerDoor): Promise<Socket> {
  // A session of its own each: a listener is another machine.
  const socket = ca === undefined ? connectPlain({ host, port }) : connectTls({ host, port, ca })
  try {
    const signal = AbortSignal.timeout(openingTimeoutMs)
    await once(socket, ca === undefined ? 'connect' : 'secureConnect', { signal })
    socket.write(request)
    const [head]: Buffer[] = await once(socket, 'data', { signal })
    const text = head?.toString('latin1') ?? ''
    if (!text.startsWith(accepted)) throw new Error(`a listener was answered: ${text.split('\r\n')[0]}`)
    // What the relay says from now on is read and thrown away; that it closes one is seen by the next row.
    socket.on('error', () => {}).resume()
    return socket
  } catch (error) {
    socket.on('error', () => {}).destroy()
    throw error
  }
}
