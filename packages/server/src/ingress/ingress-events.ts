import type { ErrorCode } from '@postern/protocol'
import type { IngressEntry } from '../domain/ingress-entry.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'

/** Something that went no further. */
export interface IngressRefusal {
  readonly code: ErrorCode
  /** The entry that it was for; undefined when the port has no way for it. */
  readonly entry?: IngressEntry
  /** The public port that it came to. */
  readonly port: number
  readonly remote: RemoteEndpoint
  /** For log and audit. */
  readonly reason: string
  readonly trackingId?: string
}

/** One device whose bytes have been let through. */
export interface IngressConnection {
  readonly entry: IngressEntry
  readonly remote: RemoteEndpoint
  readonly trackingId: string
  readonly listenerId: string
  /** Who it is, where a guard has found out. */
  readonly user?: string
}

/** How it ended. */
export interface IngressEnd {
  readonly bytesFromSender: number
  readonly bytesFromListener: number
  readonly durationMs: number
  /** Undefined when both directions came to their end. */
  readonly error: Error | undefined
}

/** Hears what happens at public ports: counters, log and audit are behind it. */
export interface IngressEvents {
  onRefused(refusal: IngressRefusal): void
  onOpened(connection: IngressConnection): void
  /** A person has signed in before an HTTP host. */
  onSignedIn(entry: IngressEntry, remote: RemoteEndpoint, user: string): void
  /** An HTTP request that was let in. */
  onRequest(entry: IngressEntry): void
  /** Payload that has passed since the last call, both directions together. */
  onBytes(entry: IngressEntry, bytes: number): void
  /** A datagram of a device that had been let in was dropped: it is too long, or its way too slow. */
  onDropped(entry: IngressEntry): void
  onClosed(connection: IngressConnection, end: IngressEnd): void
}
