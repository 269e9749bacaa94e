import { DatagramDecoder, encodeDatagram, maxDatagramBytes } from './datagrams.ts'
import { StreamConnection } from './stream-connection.ts'
import type { TunnelConnection } from './tunnel-connection.ts'

/** Datagrams beyond this are dropped while the relay is slow, as any network drops them. */
const maxBufferedBytes = 262_144

/** The longest payload of a datagram by IPv4 (65,535 without its two headers), and of a carrier's frame. */
export const maxUdpPayloadBytes = 65_507

/** Hears a {@link DatagramPath}. */
export interface DatagramHandler {
  /** The bytes are the receiver's. */
  onDatagram(datagram: Uint8Array): void
  onEof(): void
  onClosed(error: Error | undefined): void
}

/** Carries datagrams over a tunnel's connection. */
export interface DatagramPath {
  open(handler: DatagramHandler): void
  /** Takes payload that came before `open`. */
  onFirst(first: Uint8Array): void
  /** @returns false when the datagram is dropped */
  send(datagram: Uint8Array): boolean
}

/** Streams of carriers know datagrams; on a relayed connection each has its length in front, as azbridge has it. */
export function datagramPathOf(connection: TunnelConnection): DatagramPath {
  return connection instanceof StreamConnection ? new StreamDatagrams(connection) : new FramedDatagrams(connection)
}

class StreamDatagrams implements DatagramPath {
  readonly #connection: StreamConnection

  constructor(connection: StreamConnection) {
    this.#connection = connection
  }

  open(handler: DatagramHandler): void {
    this.#connection.open({
      ...handler,
      // Sockets send later.
      onDatagram: (datagram) => handler.onDatagram(new Uint8Array(datagram)),
      onData: ignore,
      onDrain: ignore,
    })
  }

  onFirst(): void {}

  send(datagram: Uint8Array): boolean {
    if (datagram.length > maxUdpPayloadBytes) return false
    this.#connection.sendDatagram(datagram)
    return true
  }
}

class FramedDatagrams implements DatagramPath {
  readonly #connection: TunnelConnection
  readonly #decoder = new DatagramDecoder()
  #handler: DatagramHandler | undefined

  constructor(connection: TunnelConnection) {
    this.#connection = connection
  }

  open(handler: DatagramHandler): void {
    this.#handler = handler
    this.#connection.open({ ...handler, onData: (chunk) => this.onFirst(chunk), onDrain: ignore })
  }

  onFirst(bytes: Uint8Array): void {
    // Sockets send later.
    for (const datagram of this.#decoder.push(bytes)) this.#handler?.onDatagram(new Uint8Array(datagram))
  }

  send(datagram: Uint8Array): boolean {
    if (this.#connection.bufferedBytes > maxBufferedBytes || datagram.length > maxDatagramBytes) return false
    this.#connection.send(encodeDatagram(datagram))
    return true
  }
}

function ignore(): void {}
