import type { CarrierConnectionHandler } from '../carrier-runner.ts'

/** Hears one end of a tunnel. */
export interface TunnelHandler extends CarrierConnectionHandler {
  /** What comes after `pause` waits here as well as anywhere, in one piece; the other end gets no credit for it. Default false. */
  readonly gathers?: boolean
  /** A datagram of a UDP stream; valid during the call. */
  onDatagram?(datagram: Uint8Array): void
}

/**
 * What carries one tunnel through the relay: a relayed connection of its own, or a stream in a carrier. Both look alike to
 * whoever moves the bytes.
 */
export interface TunnelConnection {
  /** The id under which both ends log it. */
  readonly trackingId: string
  /** The subprotocol of a relayed connection. */
  readonly protocol: string | undefined
  /** Who is at the other end, as far as that end has said; for the log alone. */
  readonly client?: string | undefined
  /** The listener at the other end, where this end has chosen it or heard of it. */
  readonly listenerId?: string | undefined
  /** Bytes that were sent and are still held here. */
  readonly bufferedBytes: number
  /** Bytes that may be held before a `false` of `send` counts. Default 256 KiB. */
  readonly maxBufferedBytes?: number
  /** Names who hears about everything from now on, and begins to read. */
  open(handler: TunnelHandler): void
  /** Sends a copy of bytes. @returns false when they wait: `onDrain` follows */
  send(bytes: Uint8Array): boolean
  /** Nothing more comes from us. */
  end(): void
  /** Ends both directions; the other end hears why. */
  fail(code: number, reason: string): void
  /** Cuts it. */
  abort(): void
  /** The other end is held back, once its credit is used up. */
  pause(): void
  resume(): void
}
