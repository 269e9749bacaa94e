import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'
import {
  DatagramTunnel,
  defaultDatagramIdleMs,
  maxUdpPayloadBytes,
  type PumpCounts,
  sendOrDrop,
  type TunnelConnection,
  WaitingDatagrams,
} from '@postern/carrier'
import { RelayError } from '@postern/protocol'
import { canonicalAddress } from '../domain/canonical-address.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import type { Admitted, IngressRoute } from './ingress-route.ts'

/** Devices that were refused, and are not asked about again for so long: each datagram would be a line in the log. */
const refusedForMs = 5_000
const maxRefused = 4096

/** One device address. */
class Session implements PumpCounts {
  bytesToRelay = 0
  bytesFromRelay = 0
  readonly gone = new AbortController()
  tunnel: DatagramTunnel | undefined
  readonly #waiting = new WaitingDatagrams()
  readonly #route: IngressRoute
  /** Stands in front of each datagram: any of them may be lost, and a server that gets the next one knows of no other. */
  readonly #header: Uint8Array | undefined

  constructor(route: IngressRoute, admitted: Admitted) {
    this.#route = route
    this.#header = route.proxyHeader(admitted, 'datagram')
  }

  /** Sends a datagram of the device on, or keeps it until there is a way, or drops it. */
  take(datagram: Uint8Array): void {
    const isTaken = this.tunnel ? this.#send(this.tunnel, datagram) : this.#waiting.keep(datagram)
    if (!isTaken) this.#route.tellDropped()
  }

  /** The way is there. */
  join(tunnel: DatagramTunnel): void {
    this.tunnel = tunnel
    for (const early of this.#waiting.take()) this.take(early)
  }

  #send(tunnel: DatagramTunnel, datagram: Uint8Array): boolean {
    const whole = this.#header ? Buffer.concat([this.#header, datagram]) : datagram
    if (whole.length > maxUdpPayloadBytes || !tunnel.send(whole)) return false
    this.bytesToRelay += datagram.length
    return true
  }
}

/** One UDP port: each device address is a session, with a stream of its own. */
export class DatagramPort {
  readonly #socket: Socket
  readonly #place: { readonly address: string | undefined; readonly port: number }
  readonly #sessions = new Map<string, Session>()
  readonly #refused = new Map<string, number>()
  #route: IngressRoute | undefined
  #isBound = false

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
    this.#isBound = true
    // Such as ICMP errors about a device that has gone.
    this.#socket.on('error', () => {})
    const { port: bound } = this.#socket.address()
    if (this.#route) this.#route.port = bound
    return bound
  }

  setRoutes([route]: readonly IngressRoute[]): void {
    this.#route = route
    if (route && this.#isBound) route.port = this.#socket.address().port
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
    if (known) known.take(datagram)
    else this.#admit(key, datagram, from)
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
    this.#open(key, datagram, from, route, { remote, local: () => this.#localFor(address), release })
  }

  #open(key: string, datagram: Uint8Array, from: RemoteInfo, route: IngressRoute, admitted: Admitted): void {
    const session = new Session(route, admitted)
    session.take(datagram)
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
      session.join(tunnel)
    }
    route.openTunnel(admitted, session.gone, join, 'datagram').catch((error: unknown) => {
      forget()
      route.tellRefused(error, admitted.remote)
    })
  }

  /** Where a device has sent to. A socket of all addresses does not say which one it was: that is told as zeros of the device's family. */
  #localFor(remote: string): RemoteEndpoint {
    const { address, port } = this.#socket.address()
    const canonical = canonicalAddress(address) ?? '::'
    return { address: canonical === '::' && isIPv4(remote) ? '0.0.0.0' : canonical, port }
  }

  #answer(datagram: Uint8Array, from: RemoteInfo): void {
    try {
      sendOrDrop(this.#socket, datagram, from)
    } catch {
      // The port is closed.
    }
  }
}
