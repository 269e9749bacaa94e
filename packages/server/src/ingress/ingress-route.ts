import {
  type AcceptedSocket,
  FarEnd,
  type HurriedRequest,
  NetSocket,
  Pump,
  type PumpCounts,
  type RelayDialer,
  type SenderCarriers,
  type TunnelConnection,
  type TunnelSocket,
} from '@postern/carrier'
import { type ErrorCode, encodeProxyHeader, formatEndpoint, RelayError } from '@postern/protocol'
import { Slots } from '@postern/websocket'
import type { IngressEntry } from '../domain/ingress-entry.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import { askPostgres } from './ask-postgres.ts'
import { type AdmittedDevice, staying } from './entry-change.ts'
import type { IngressConnection, IngressEvents } from './ingress-events.ts'
import { IngressGuard } from './ingress-guard.ts'
import { SourceLimits } from './source-limits.ts'

/** How the bytes of one entry get to its hybrid connection. */
export interface IngressWay {
  readonly sender: RelayDialer
  readonly carriers: SenderCarriers | undefined
  /** Limits and rules beyond the entry's own. @returns why a source may not come; undefined when it may, and `leave` follows */
  enter(remote: RemoteEndpoint): { readonly code: ErrorCode; readonly reason: string } | undefined
  leave(): void
  /** The entry is gone, and so is whatever it has open. */
  close(): void
}

export interface IngressRouteOptions {
  readonly entry: IngressEntry
  readonly way: IngressWay
  readonly events: IngressEvents
}

/** A device that has been let in and not been led anywhere yet. */
export interface Admitted {
  readonly remote: RemoteEndpoint
  /** Where it dialed, for the PROXY header; asked where that is wanted, and no getter (see EndpointPeer). */
  readonly local: () => RemoteEndpoint
  /** Gives its place back; may be called again. */
  readonly release: () => void
  readonly user?: string
  /** Errors come to somebody who answers the device, and tells of them. */
  readonly isAnswered?: boolean
}

/** Hears of a tunnel that is open; `first` came with its answer. */
type OnOpened = (connection: TunnelConnection, first: Uint8Array) => void

/** A device whose bytes pass. */
interface OpenDevice extends AdmittedDevice {
  readonly counts: PumpCounts
  readonly cut: () => void
  /** Told to the events so far. */
  seenBytes: number
  /** Why we have cut it. */
  cutFor: RelayError | undefined
}

/** One entry at work: who may come, who is there, and the way to the hybrid connection. */
export class IngressRoute {
  /** The one that is bound: another one than the entry's where that is 0. */
  port: number
  #entry: IngressEntry
  #guard: IngressGuard
  #way: IngressWay
  readonly #events: IngressEvents
  readonly #limits: SourceLimits
  #farEnd: FarEnd
  readonly #open = new Slots<OpenDevice>()
  readonly #waiting = new Map<AbortController, AdmittedDevice>()

  constructor({ entry, way, events }: IngressRouteOptions) {
    this.#entry = entry
    this.#guard = new IngressGuard(entry)
    this.port = entry.port
    this.#way = way
    this.#events = events
    this.#limits = new SourceLimits(limitsOf(entry))
    this.#farEnd = farEndOf(entry, way)
  }

  get entry(): IngressEntry {
    return this.#entry
  }

  get guard(): IngressGuard {
    return this.#guard
  }

  /**
   * Goes on by another form of the entry that leads to the same place, see `changeOf`. Who may not come by it is cut.
   * @param way in place of the present one, which is closed
   * @returns how many were cut
   */
  change(entry: IngressEntry, way: IngressWay): number {
    const [before, gone] = [this.#entry, this.#way]
    this.#entry = entry
    this.#guard = new IngressGuard(entry)
    this.#limits.change(limitsOf(entry))
    this.#way = way
    this.#farEnd = farEndOf(entry, way)
    gone.close()
    return this.cutAllBut(staying(before, entry), 'The entry has changed and does not let this device in any more')
  }

  /** Connections that are open, or on their way; of one that its device has closed, what it sent may still be. */
  get connections(): number {
    return Math.max(this.#limits.open, this.#open.size)
  }

  /** Lets a source in, or tells why not; the refusal has been told to the events then. */
  admit(remote: RemoteEndpoint, trackingId?: string): (() => void) | ErrorCode {
    if (!this.guard.allows(remote.address)) {
      return this.#turnAway('AddressNotAllowed', remote, 'the entry does not let this address in', trackingId)
    }
    const place = this.#limits.enter(remote.address)
    if (typeof place === 'string') return this.#turnAway('ServerBusy', remote, place, trackingId)
    const way = this.#way
    const problem = way.enter(remote)
    if (problem) {
      place()
      return this.#turnAway(problem.code, remote, problem.reason, trackingId)
    }
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      place()
      way.leave()
    }
  }

  /**
   * Leads a socket to the target; bytes that were read before have been put back. It is cut when there is no way.
   *
   * @param asksPostgres the client has asked a PostgreSQL server for TLS, and was answered for the target
   */
  join(accepted: AcceptedSocket, admitted: Admitted, asksPostgres = false): void {
    let socket: TunnelSocket = accepted
    const refuse = (error: unknown): void => {
      if (!socket.isClosing) this.tellRefused(error, admitted.remote)
      socket.cut()
    }
    const onOpened: OnOpened = (connection, first) => {
      if (!asksPostgres) return this.#pump(socket, connection, admitted, first)
      askPostgres(connection, first, {
        onReady: (rest) => this.#pump(socket, connection, admitted, rest),
        onRefused: refuse,
      })
    }
    const request = this.#request(admitted, onOpened, 'stream')
    // One that has to wait is watched: nobody goes on looking for a device that has gone.
    if (!this.#farEnd.mayOpenAtOnce(request)) socket = new NetSocket(accepted.toNodeSocket())
    socket.onceClosed(admitted.release)
    try {
      if (!this.#farEnd.openAtOnce(request)) this.#search(socket, admitted, onOpened, refuse)
    } catch (error) {
      refuse(error)
    }
  }

  #search(socket: TunnelSocket, admitted: Admitted, onOpened: OnOpened, refuse: (error: unknown) => void): void {
    const gone = new AbortController()
    let isOpen = false
    socket.onceClosed(() => isOpen || gone.abort(new RelayError('SenderGone')))
    this.openTunnel(admitted, gone, onOpened).then(() => (isOpen = true), refuse)
  }

  /** What stands in front of all bytes, or of each datagram; undefined where the target does not want to know who the client is. */
  proxyHeader(admitted: Admitted, transport: 'stream' | 'datagram'): Uint8Array | undefined {
    if (!this.entry.proxyProtocol) return undefined
    return encodeProxyHeader({ source: admitted.remote, destination: admitted.local(), transport })
  }

  /** Opens a tunnel and says who the client of a stream is, where the target wants to know. @throws {RelayError} when there is no way */
  async openTunnel(
    admitted: Admitted,
    gone: AbortController,
    onOpened: OnOpened,
    mode: 'stream' | 'datagram' = 'stream',
  ): Promise<void> {
    const { remote, user } = admitted
    this.#waiting.set(gone, { address: remote.address, user })
    try {
      await this.#farEnd.open({ ...this.#request(admitted, onOpened, mode), signal: gone.signal })
    } finally {
      this.#waiting.delete(gone)
    }
  }

  #request(admitted: Admitted, onOpened: OnOpened, mode: 'stream' | 'datagram'): HurriedRequest {
    const { remote } = admitted
    return {
      mode,
      portName: this.entry.portName ?? String(this.entry.port),
      client: formatEndpoint({ host: remote.address, port: remote.port }),
      onOpened: (connection, first) => {
        const header = mode === 'stream' && this.proxyHeader(admitted, mode)
        if (header) connection.send(header)
        onOpened(connection, first)
      },
      onDisappointed: (error) => {
        if (!admitted.isAnswered) this.tellRefused(error, remote)
      },
    }
  }

  /** Tells that a device goes no further. */
  refuse(code: ErrorCode, remote: RemoteEndpoint, reason: string, trackingId?: string): void {
    const { entry, port } = this
    this.#events.onRefused({ code, entry, port, remote, reason, ...(trackingId !== undefined && { trackingId }) })
  }

  /** Tells that a device that had been let in has found no way. */
  tellRefused(error: unknown, remote: RemoteEndpoint): void {
    this.#events.onRefused(this.#refusal(error, remote))
  }

  /** Tells that a datagram of a device that had been let in went no further. */
  tellDropped(): void {
    this.#events.onDropped(this.entry)
  }

  /** Counts a tunnel from now until what is returned is called. */
  track(
    counts: PumpCounts,
    connection: TunnelConnection,
    admitted: Admitted,
    cut: () => void,
  ): (error: Error | undefined) => void {
    const startedAtMs = performance.now()
    const { remote, user, release } = admitted
    const facts: IngressConnection = {
      entry: this.entry,
      remote,
      trackingId: connection.trackingId,
      listenerId: connection.listenerId ?? '',
      ...(user !== undefined && { user }),
    }
    const open: OpenDevice = { address: remote.address, user, counts, cut, seenBytes: 0, cutFor: undefined }
    const place = this.#open.add(open)
    this.#events.onOpened(facts)
    return (error) => {
      if (!this.#open.remove(place, open)) return
      this.#tellBytes(open)
      release()
      this.#events.onClosed(facts, {
        bytesFromSender: counts.bytesToRelay,
        bytesFromListener: counts.bytesFromRelay,
        durationMs: Math.round(performance.now() - startedAtMs),
        error: open.cutFor ?? error,
      })
    }
  }

  /** Called about once a second: tells what has passed. */
  tick(): void {
    for (const open of this.#open) this.#tellBytes(open)
  }

  /**
   * Cuts those who may not stay; the others go on.
   * @param why for log and audit
   * @returns how many were cut
   */
  cutAllBut(mayStay: (device: AdmittedDevice) => boolean, why: string): number {
    const leaving = [...this.#open].filter((device) => !mayStay(device))
    for (const device of leaving) {
      device.cutFor = new RelayError('AuthorizationRevoked', { message: why })
      device.cut()
    }
    const waiting = [...this.#waiting].filter(([, device]) => !mayStay(device))
    for (const [gone] of waiting) gone.abort(new RelayError('AuthorizationRevoked', { message: why }))
    return leaving.length + waiting.length
  }

  /** Cuts everything. @returns how many devices that were */
  close(why = 'The relay stops'): number {
    const cut = this.cutAllBut(() => false, why)
    this.#way.close()
    return cut
  }

  #pump(socket: TunnelSocket, connection: TunnelConnection, admitted: Admitted, first: Uint8Array): void {
    const pump = new Pump({ socket, connection, onClosed: ({ error }) => noteEnd(error) })
    const noteEnd = this.track(pump, connection, admitted, () => socket.cut())
    pump.start(first)
    // It was paused when its first bytes had been looked at; one chunk too many is no harm to a slow way.
    socket.resume()
  }

  #tellBytes(open: OpenDevice): void {
    const bytes = open.counts.bytesToRelay + open.counts.bytesFromRelay
    if (bytes === open.seenBytes) return
    this.#events.onBytes(this.entry, bytes - open.seenBytes)
    open.seenBytes = bytes
  }

  #turnAway(code: ErrorCode, remote: RemoteEndpoint, reason: string, trackingId: string | undefined): ErrorCode {
    this.refuse(code, remote, reason, trackingId)
    return code
  }

  #refusal(error: unknown, remote: RemoteEndpoint): Parameters<IngressEvents['onRefused']>[0] {
    const reason = error instanceof Error ? error.message : String(error)
    const code = error instanceof RelayError ? error.code : 'InternalError'
    const trackingId = error instanceof RelayError ? error.trackingId : undefined
    return { code, entry: this.entry, port: this.port, remote, reason, ...(trackingId !== undefined && { trackingId }) }
  }
}

function limitsOf(entry: IngressEntry): ConstructorParameters<typeof SourceLimits>[0] {
  return {
    maxTotal: entry.maxConnections,
    maxPerSource: entry.maxConnectionsPerSource,
    perSecondPerSource: entry.connectionsPerSecondPerSource,
  }
}

function farEndOf({ framing, target }: IngressEntry, { sender, carriers }: IngressWay): FarEnd {
  return new FarEnd({ sender, carriers, framing, target })
}
