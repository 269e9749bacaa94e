import type { Socket } from 'node:net'

/** What hears of a {@link TunnelSocket}. */
export interface TunnelSocketHandler {
  /** The bytes are the receiver's until it returns. */
  onSocketData(bytes: Uint8Array): void
  /** The other side has ended: nothing more comes. */
  onSocketEnd(): void
}

/**
 * The side of a tunnel that a program holds: a client's connection, or one to the target. Half-open, without Nagle's delay,
 * its errors handled: they stand in `error`, and the close follows.
 */
export interface TunnelSocket {
  /** Of the peer; undefined for Unix sockets, and once it is closed. */
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  /** False while it is being made. It stays true when it is closed. */
  readonly hasConnected: boolean
  /** Nothing more comes of it, and nothing can be sent: it is closed, or about to be. */
  readonly isClosing: boolean
  /** The listeners of its close have been called, or are being called now. */
  readonly isClosed: boolean
  /** Why it broke; undefined while it has not. */
  readonly error: NodeJS.ErrnoException | undefined
  /** Not called again for what has happened before. */
  onceConnected(listener: () => void): void
  /** Not called again for what has happened before. */
  onceClosed(listener: () => void): void
  /** Begins to read. Once. */
  open(handler: TunnelSocketHandler): void
  /**
   * Sends bytes, which are the caller's again when `onTaken` is called: then the system has them, or the socket is gone. One
   * write at a time; while it is being made what is sent waits. `onTaken` may be called before this returns.
   */
  write(bytes: Uint8Array, onTaken: () => void): void
  /** Sends the end behind what was written; what the other side sends still comes. */
  end(): void
  /** Nothing is read until `resume`; what the network brings waits in the system. */
  pause(): void
  resume(): void
  /** Ends it both ways; what waits for the system is given up. */
  close(): void
  /** The same, so that the other side sees an error (RST) and not an end (FIN), where its kind knows both. */
  cut(): void
}

/** Where one end of a connection is. */
export interface SocketAddress {
  readonly address: string
  readonly port: number
}

/** A connection that came to us. */
export interface AcceptedSocket extends TunnelSocket {
  /** Where it came to; empty for Unix sockets, and once it is closed. */
  readonly local: Partial<SocketAddress>
  /**
   * The same connection as a socket of Node's, for whoever needs more than a tunnel: to see it go before it is read, to look at
   * its first bytes, to speak TLS. This object is not used any more.
   */
  toNodeSocket(): Socket
}
