import type { RelayedConnection, RelayedConnectionHandler } from '@postern/client'
import { DatagramDecoder, encodeDatagram, maxDatagramBytes } from './datagrams.ts'
import type { PumpResult } from './pump.ts'

/** Datagrams beyond this are dropped while the relay is slow, as any network drops them. */
const maxBufferedBytes = 262_144

/** As azbridge. */
export const defaultDatagramIdleMs = 240_000

/** A peer that does not answer the end of a session is cut. */
const endTimeoutMs = 5_000

/** What {@link DatagramTunnel} works with. */
export interface DatagramTunnelOptions {
  readonly connection: RelayedConnection
  /** Payload that came together with the preamble. */
  readonly first: Uint8Array
  /** The session ends when nothing has passed for so long. */
  readonly idleTimeoutMs: number
  /** A datagram has come from the relay. */
  readonly onDatagram: (datagram: Uint8Array) => void
  /** Exactly once, when the relayed connection is closed. */
  readonly onClosed: (result: PumpResult) => void
}

/** The relay's side of one UDP session: datagrams on a relayed connection, until it is idle or ended. */
export class DatagramTunnel implements RelayedConnectionHandler {
  readonly #options: DatagramTunnelOptions
  readonly #decoder = new DatagramDecoder()
  readonly #idle: NodeJS.Timeout
  #ending: NodeJS.Timeout | undefined
  #bytesToRelay = 0
  #bytesFromRelay = 0

  constructor(options: DatagramTunnelOptions) {
    this.#options = options
    this.#idle = setTimeout(() => this.end(), options.idleTimeoutMs)
    options.connection.open(this)
    if (options.first.length > 0) this.onData(options.first)
  }

  /** Sends a datagram into the relay, or drops it while the relay is slow. */
  send(datagram: Uint8Array): void {
    const { connection } = this.#options
    if (this.#ending || connection.bufferedBytes > maxBufferedBytes || datagram.length > maxDatagramBytes) return
    this.#idle.refresh()
    this.#bytesToRelay += datagram.length
    connection.send(encodeDatagram(datagram))
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

  onData(chunk: Uint8Array): void {
    if (this.#ending) return
    this.#idle.refresh()
    for (const datagram of this.#decoder.push(chunk)) {
      this.#bytesFromRelay += datagram.length
      this.#options.onDatagram(datagram)
    }
  }

  onEof(): void {
    this.end()
  }

  onDrain(): void {}

  onClosed(error: Error | undefined): void {
    clearTimeout(this.#idle)
    clearTimeout(this.#ending)
    // What the timer would end has ended.
    this.#ending ??= setTimeout(() => {}, 0)
    this.#options.onClosed({ error, bytesToRelay: this.#bytesToRelay, bytesFromRelay: this.#bytesFromRelay })
  }
}
