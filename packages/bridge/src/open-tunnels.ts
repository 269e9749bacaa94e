import type { TunnelConnection, TunnelSocket } from '@postern/carrier'
import { Pump, type PumpResult } from '@postern/carrier'
import type { Logger } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { Slots } from '@postern/websocket'
import { describeFailure } from './describe-failure.ts'
import { type ForwarderStatus, forwarderEvents } from './forwarder.ts'

/** What OpenTunnels names in its log lines. */
export interface OpenTunnelsOptions {
  readonly relayName: string
  /** Authorization rule in use. */
  readonly keyName: string | undefined
  readonly logger: Logger
  /** What log lines name besides. */
  readonly fields?: Readonly<Record<string, string>>
  /** Default: the events of forwarders. */
  readonly events?: { readonly opened: string; readonly closed: string; readonly failed: string }
}

/** The connections of one forwarder: who is open, what has passed, what went wrong, and how to end them all. */
export class OpenTunnels {
  readonly #options: OpenTunnelsOptions
  readonly #open = new Slots<() => void>()
  readonly #waiting = new Set<() => void>()
  /** Until both sides are closed: when its socket is, bytes of a tunnel may still be on their way. They count while they pass. */
  readonly #pumps = new Slots<Pump>()
  #total = 0
  #bytesToRelay = 0
  #bytesFromRelay = 0
  #lastError: ForwarderStatus['lastError']

  constructor(options: OpenTunnelsOptions) {
    this.#options = options
  }

  /** The part of a forwarder's status that is known here. */
  get status(): Omit<ForwarderStatus, 'kind' | 'state' | 'addresses' | 'carriers'> {
    let [bytesToRelay, bytesFromRelay] = [this.#bytesToRelay, this.#bytesFromRelay]
    for (const pump of this.#pumps) {
      bytesToRelay += pump.bytesToRelay
      bytesFromRelay += pump.bytesFromRelay
    }
    return {
      relayName: this.#options.relayName,
      connections: this.#open.size,
      connectionsTotal: this.#total,
      bytesToRelay,
      bytesFromRelay,
      ...(this.#lastError && { lastError: this.#lastError }),
    }
  }

  /** Counts a socket from now until it is closed. */
  add(socket: TunnelSocket): void {
    socket.onceClosed(this.track(() => socket.cut()))
  }

  /** Counts something that is open until the function returned is called; `cut` ends it at once. */
  track(cut: () => void): () => void {
    const place = this.#open.add(cut)
    return () => {
      if (this.#open.remove(place, cut)) this.#tellIfNone()
    }
  }

  /** Joins the two sides of a tunnel and counts what it carries. */
  join(socket: TunnelSocket, connection: TunnelConnection, first?: Uint8Array): void {
    const noteEnd = this.noteOpened(connection)
    const onClosed = (result: PumpResult): void => {
      this.#pumps.remove(place, pump)
      noteEnd(result)
      this.#tellIfNone()
    }
    const pump = new Pump({ socket, connection, onClosed })
    const place = this.#pumps.add(pump)
    pump.start(first)
  }

  /** Notes that a tunnel carries something now; the function returned notes its end. */
  noteOpened({ trackingId, client }: TunnelConnection): (result: PumpResult) => void {
    const { relayName, logger, events = forwarderEvents } = this.#options
    const fields = { relay: relayName, ...this.#options.fields, trackingId, ...(client !== undefined && { client }) }
    this.#total += 1
    logger.debug(events.opened, fields)
    return ({ error, bytesToRelay, bytesFromRelay }) => {
      this.#bytesToRelay += bytesToRelay
      this.#bytesFromRelay += bytesFromRelay
      const reason = error && { reason: error.message }
      logger.debug(events.closed, { ...fields, bytesToRelay, bytesFromRelay, ...reason })
    }
  }

  /** Notes a tunnel that did not come about; says so in one line. */
  fail(error: unknown): void {
    const { relayName, logger, fields, events = forwarderEvents } = this.#options
    const message = this.note(error)
    const trackingId =
      error instanceof RelayError && error.trackingId !== undefined ? { trackingId: error.trackingId } : {}
    logger.warn(events.failed, { relay: relayName, ...fields, message, ...trackingId })
  }

  /** Remembers an error as the last one and returns its line. */
  note(error: unknown): string {
    const message = describeFailure(this.#options.relayName, this.#options.keyName, error)
    this.#lastError = { message, atMs: Date.now() }
    return message
  }

  /** Resolves when all are closed; those that are not after `graceMs` are cut. */
  async end(graceMs: number): Promise<void> {
    if (this.#isNone) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#cutAll(), graceMs)
      const done = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        resolve()
      }
      this.#waiting.add(done)
    })
  }

  get #isNone(): boolean {
    return this.#open.size + this.#pumps.size === 0
  }

  #tellIfNone(): void {
    if (!this.#isNone) return
    for (const resolve of this.#waiting) resolve()
  }

  #cutAll(): void {
    for (const cut of this.#open) cut()
    for (const pump of this.#pumps) pump.cut()
  }
}
