/** How one forwarder is doing. */
export interface ForwarderStatus {
  readonly kind: 'local' | 'remote'
  readonly relayName: string
  /** Bound addresses of a local forwarder, targets of a remote one, as `host:port`. */
  readonly addresses: readonly string[]
  /** `online`: senders reach us (remote), the ports are open (local). */
  readonly state: 'starting' | 'online' | 'offline' | 'stopped'
  /** Connections that are open now. */
  readonly connections: number
  /** Connections that were joined since the start. */
  readonly connectionsTotal: number
  /** Carriers that are open now; undefined with carriers off. */
  readonly carriers?: number
  /** Payload bytes, towards the relay and from it. */
  readonly bytesToRelay: number
  readonly bytesFromRelay: number
  /** The last thing that went wrong, as one line, and when (ms since 1970). */
  readonly lastError?: { readonly message: string; readonly atMs: number }
}

/** A part of a bridge: one `-L` or one relay of `-T`. */
export interface Forwarder {
  readonly status: ForwarderStatus
  /** @throws {RelayError} when it can never work as configured (a port is taken, ...). */
  start(): Promise<void>
  /** Takes nothing new, lets open connections end for `graceMs`, then cuts them. */
  stop(options: { readonly graceMs: number }): Promise<void>
}

/** Logger events of forwarders: none carries payload, tokens or keys. */
export const forwarderEvents = {
  listening: 'forwarder.listening',
  online: 'forwarder.online',
  offline: 'forwarder.offline',
  opened: 'forwarder.connection-opened',
  closed: 'forwarder.connection-closed',
  failed: 'forwarder.connection-failed',
} as const
