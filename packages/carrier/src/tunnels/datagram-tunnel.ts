import { type DatagramPath, datagramPathOf } from './datagram-path.ts'
import type { PumpResult } from './pump.ts'
import type { TunnelConnection } from './tunnel-connection.ts'

/** As azbridge. */
export const defaultDatagramIdleMs = 240_000

/** A peer that does not answer the end of a session is cut. */
const endTimeoutMs = 5_000

/** What {@link DatagramTunnel} works with. */
export interface DatagramTunnelOptions {
  readonly connection: TunnelConnection
  /** Payload that came together with the preamble. */
  readonly first: Uint8Array
  /** The session ends when nothing has passed for so long. */
  readonly idleTimeoutMs: number
  /** A datagram has come from the relay. */
  readonly onDatagram: (datagram: Uint8Array) => void
  /** Exactly once, when the connection is closed. */
  readonly onClosed: (result: PumpResult) => void
}

/** The relay's side of one UDP session: datagrams on a tunnel's connection, until it is idle or ended. */
export class DatagramTunnel {
  readonly #options: DatagramTunnelOptions
  readonly #path: DatagramPath
  readonly #idle: NodeJS.Timeout
  #ending: NodeJS.Timeout | undefined
  #bytesToRelay = 0
  #bytesFromRelay = 0

  constructor(options: DatagramTunnelOptions) {
    this.#options = options
    this.#idle = setTimeout(() => this.end(), options.idleTimeoutMs)
    this.#path = datagramPathOf(options.connection)
    this.#path.open({
      onDatagram: (datagram) => this.#onDatagram(datagram),
      onEof: () => this.end(),
      onClosed: (error) => this.#onClosed(error),
    })
    if (options.first.length > 0) this.#path.onFirst(options.first)
  }

  /** Sends a datagram into the relay, or drops it while the relay is slow. @returns false when it was dropped */
  send(datagram: Uint8Array): boolean {
    if (this.#ending || !this.#path.send(datagram)) return false
    this.#idle.refresh()
    this.#bytesToRelay += datagram.length
    return true
  }

  /** Ends the session. */
  end(): void {
    if (this.#ending) return
    clearTimeout(this.#idle)
    this.#options.connection.end()
    this.#ending = setTimeout(() => this.cut(), endTimeoutMs)
  }

  /** Ends it without waiting for the peer. */
  cut(): void {
    this.#options.connection.abort()
  }

  #onDatagram(datagram: Uint8Array): void {
    if (this.#ending) return
    this.#idle.refresh()
    this.#bytesFromRelay += datagram.length
    this.#options.onDatagram(datagram)
  }

  #onClosed(error: Error | undefined): void {
    clearTimeout(this.#idle)
    clearTimeout(this.#ending)
    // What the timer would end has ended.
    this.#ending ??= setTimeout(() => {}, 0)
    this.#options.onClosed({ error, bytesToRelay: this.#bytesToRelay, bytesFromRelay: this.#bytesFromRelay })
  }
}
