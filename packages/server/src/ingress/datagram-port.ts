import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'
import {
  DatagramTunnel,
  defaultDatagramIdleMs,
  type PumpCounts,
  sendOrDrop,
  type TunnelConnection,
  WaitingDatagrams,
} from '@postern/carrier'
import { RelayError } from '@postern/protocol'
import { canonicalAddress } from '../domain/canonical-address.ts'
import type { Admitted, IngressRoute } from './ingress-route.ts'

/** Devices that were refused, and are not asked about again for so long: each datagram would be a line in the log. */
const refusedForMs = 5_000
const maxRefused = 4096

class Session implements PumpCounts {
  bytesToRelay = 0
  bytesFromRelay = 0
  readonly gone = new AbortController()
  readonly waiting = new WaitingDatagrams()
  tunnel: DatagramTunnel | undefined
}

/** One UDP port: each device address is a session, with a stream of its own. */
export class DatagramPort {
  readonly #socket: Socket
  readonly #place: { readonly address: string | undefined; readonly port: number }
  readonly #sessions = new Map<string, Session>()
  readonly #refused = new Map<string, number>()
  #route: IngressRoute | undefined

  constructor(place: { readonly address: string | undefined; readonly port: number }) {
    this.#place = place
    const isOldFamily = place.address !== undefined && isIPv4(place.address)
    this.#socket = createSocket({ type: isOldFamily ? 'udp4' : 'udp6' })
    this.#socket.on('message', (datagram, from) => this.#onDatagram(datagram, from))
  }

  /** @returns the port in use @throws the system's error when it cannot be bound */
  async listen(): Promise<number> {
    const { address, port } = this.#place
    this.#socket.bind({ port, ...(address !== undefined && { address }) })
    await once(this.#socket, 'listening')
    // Such as ICMP errors about a device that has gone.
    this.#socket.on('error', () => {})
    return this.#socket.address().port
  }

  setRoutes([route]: readonly IngressRoute[]): void {
    this.#route = route
    this.#refused.clear()
  }

  close(): void {
    for (const { gone, tunnel } of this.#sessions.values()) {
      gone.abort(new RelayError('SenderGone'))
      tunnel?.end()
    }
    this.#socket.close()
  }

  #onDatagram(datagram: Uint8Array, from: RemoteInfo): void {
    const key = `${from.address} ${from.port}`
    const known = this.#sessions.get(key)
    if (known?.tunnel) {
      known.bytesToRelay += datagram.length
      known.tunnel.send(datagram)
    } else if (known) {
      known.waiting.keep(datagram)
    } else {
      this.#admit(key, datagram, from)
    }
  }

  #admit(key: string, datagram: Uint8Array, from: RemoteInfo): void {
    const address = canonicalAddress(from.address)
    const route = this.#route
    if (address === undefined || !route || (this.#refused.get(address) ?? 0) > performance.now()) return
    const remote = { address, port: from.port }
    const release = route.admit(remote)
    if (typeof release === 'string') {
      if (this.#refused.size >= maxRefused) this.#refused.clear()
      this.#refused.set(address, performance.now() + refusedForMs)
      return
    }
    const bound = this.#socket.address()
    this.#open(key, datagram, from, route, { remote, local: { address: bound.address, port: bound.port }, release })
  }

  #open(key: string, datagram: Uint8Array, from: RemoteInfo, route: IngressRoute, admitted: Admitted): void {
    const session = new Session()
    session.waiting.keep(datagram)
    this.#sessions.set(key, session)
    const forget = (): void => {
      this.#sessions.delete(key)
      admitted.release()
    }
    const join = (connection: TunnelConnection, first: Uint8Array): void => {
      const noteEnd = route.track(session, connection, admitted, () => session.tunnel?.cut())
      const tunnel = new DatagramTunnel({
        connection,
        first,
        idleTimeoutMs: defaultDatagramIdleMs,
        onDatagram: (answer) => {
          session.bytesFromRelay += answer.length
          this.#answer(answer, from)
        },
        onClosed: ({ error }) => {
          forget()
          noteEnd(error)
        },
      })
      session.tunnel = tunnel
      for (const early of session.waiting.take()) {
        session.bytesToRelay += early.length
        tunnel.send(early)
      }
    }
    route.openTunnel(admitted, session.gone, join, 'datagram').catch((error: unknown) => {
      forget()
      route.tellRefused(error, admitted.remote)
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
