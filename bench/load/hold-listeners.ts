import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { type EndpointHandler, WebSocketEndpoint } from '@postern/websocket'
import type { ListenerEntry } from '../candidates/candidate.ts'
import { upgradeRequest } from '../candidates/upgrade-request.ts'

/** Stays far below any accept queue, and below the relay's limits for handshakes. */
const openingAtOnce = 16
const openingTimeoutMs = 10_000
const closingTimeoutMs = 20_000
const accepted = 'HTTP/1.1 101 '

const idle: EndpointHandler = {
  onMessageStart: () => {},
  onMessageData: () => {},
  onMessageEnd: () => {},
  onCloseFrame: () => {},
  onDrain: () => {},
  onEnd: () => {},
}

/** Control channels that are open and do nothing. */
export interface HeldListeners {
  readonly open: number
  /** Why the first that failed did. */
  readonly complaint: string
  /** Lets go of them, and resolves when all sockets are closed. */
  release(): Promise<void>
}

/** Opens so many control channels, a few at a time. Stops at the first that fails. */
export async function holdListeners(door: ListenerEntry, count: number): Promise<HeldListeners> {
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

/** How one is opened. */
export interface OpenListenerOptions {
  /** Default ten seconds. */
  readonly timeoutMs?: number
  /** Address of this machine that it comes from. Default: the system's choice. */
  readonly localAddress?: string
}

/** Opens one control channel. @throws {Error} when it is refused or takes too long; the socket is gone then. */
export async function openListener(
  { host, port, ca, access }: ListenerEntry,
  { timeoutMs = openingTimeoutMs, localAddress }: OpenListenerOptions = {},
): Promise<Socket> {
  const place = { host, port, ...(localAddress !== undefined && { localAddress }) }
  // A session of its own each: a listener is another machine.
  const socket = ca === undefined ? connectPlain(place) : connectTls({ ...place, ca })
  try {
    const signal = AbortSignal.timeout(timeoutMs)
    await once(socket, ca === undefined ? 'connect' : 'secureConnect', { signal })
    socket.write(upgradeRequest(access, 'listen', randomUUID()))
    const [head]: Buffer[] = await once(socket, 'data', { signal })
    const text = head?.toString('latin1') ?? ''
    if (!text.startsWith(accepted)) throw new Error(`a listener was answered: ${text.split('\r\n')[0]}`)
    // It answers pings and does nothing else; that the relay closes one is seen by the next row.
    const endpoint = new WebSocketEndpoint({ stream: socket.on('error', () => {}), role: 'client', handler: idle })
    endpoint.resume()
    return socket
  } catch (error) {
    socket.on('error', () => {}).destroy()
    throw error
  }
}
