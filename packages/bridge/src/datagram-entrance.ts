import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import type { FarEnd } from '@postern/carrier'
import { DatagramTunnel, sendOrDrop, WaitingDatagrams } from '@postern/carrier'
import { type BindRules, bindError, bindHost, boundAddress, type Entrance } from './entrance.ts'
import type { PortBinding } from './forward.ts'
import type { OpenTunnels } from './open-tunnels.ts'

/** Clients of one port: more than this are not served, since each holds a relayed connection. */
const maxSessions = 1_024

/** What a {@link DatagramEntrance} works with. */
export interface DatagramEntranceOptions {
  readonly relayName: string
  readonly binding: PortBinding
  readonly rules: BindRules
  readonly farEnd: FarEnd
  readonly tunnels: OpenTunnels
  readonly idleTimeoutMs: number
}

interface Session {
  readonly gone: AbortController
  readonly waiting: WaitingDatagrams
  tunnel?: DatagramTunnel
}

/** A UDP port that leads into a relay: a session, with a relayed connection of its own, for each client address. */
export class DatagramEntrance implements Entrance {
  readonly #options: DatagramEntranceOptions
  readonly #socket: Socket
  readonly #sessions = new Map<string, Session>()
  readonly address: string

  private constructor(options: DatagramEntranceOptions, socket: Socket) {
    this.#options = options
    this.#socket = socket
    this.address = `${boundAddress(socket.address())}U`
    socket.on('message', (datagram, from) => this.#onDatagram(datagram, from))
    // Such as ICMP errors about a client that has gone.
    socket.on('error', () => {})
  }

  /**
   * Opens the port.
   *
   * @throws {RelayError} InvalidConfiguration with the reason.
   */
  static async open(options: DatagramEntranceOptions): Promise<DatagramEntrance> {
    const { binding, relayName, rules } = options
    try {
      return new DatagramEntrance(options, await bind(binding, rules))
    } catch (error) {
      throw bindError(relayName, binding, error as NodeJS.ErrnoException)
    }
  }

  close(): void {
    for (const session of this.#sessions.values()) {
      session.gone.abort()
      session.tunnel?.end()
    }
    this.#socket.close()
  }

  #onDatagram(datagram: Uint8Array, from: RemoteInfo): void {
    const key = `${from.address} ${from.port}`
    const known = this.#sessions.get(key)
    if (known?.tunnel) known.tunnel.send(datagram)
    else if (known) {
      known.waiting.keep(datagram)
    } else if (this.#sessions.size < maxSessions) this.#open(key, datagram, from)
    else this.#options.tunnels.fail(new Error(`${this.address}: more than ${maxSessions} UDP clients at a time`))
  }

  #open(key: string, datagram: Uint8Array, from: RemoteInfo): void {
    const { binding, farEnd, tunnels, idleTimeoutMs } = this.#options
    const session: Session = { gone: new AbortController(), waiting: new WaitingDatagrams() }
    session.waiting.keep(datagram)
    this.#sessions.set(key, session)
    const release = tunnels.track(() => {
      session.gone.abort()
      session.tunnel?.cut()
    })
    const forget = (): void => {
      this.#sessions.delete(key)
      release()
    }
    const opening = farEnd.open({
      mode: 'datagram',
      portName: binding.portName,
      signal: session.gone.signal,
      client: boundAddress(from),
      onOpened: (connection, first) => {
        const noteEnd = tunnels.noteOpened(connection)
        session.tunnel = new DatagramTunnel({
          connection,
          first,
          idleTimeoutMs,
          onDatagram: (answer) => this.#answer(answer, from),
          onClosed: (result) => {
            forget()
            noteEnd(result)
          },
        })
        for (const early of session.waiting.take()) session.tunnel.send(early)
      },
    })
    opening.catch((error: unknown) => {
      forget()
      if (!session.gone.signal.aborted) tunnels.fail(error)
    })
  }

  #answer(datagram: Uint8Array, from: RemoteInfo): void {
    try {
      sendOrDrop(this.#socket, datagram, from)
    } catch {
      // The port is closed.
    }
  }
}

async function bind(binding: PortBinding, rules: BindRules): Promise<Socket> {
  const host = bindHost(binding.host, rules)
  if (rules.sockets && host !== undefined) return rules.sockets.bind(host, binding.port)
  const socket = createSocket({
    type: (host !== undefined && isIPv6(host)) || rules.addressFamily === 6 ? 'udp6' : 'udp4',
  })
  socket.bind({ port: binding.port, ...(host !== undefined && { address: host }) })
  await once(socket, 'listening')
  return socket
}
