import type { IncomingMessage } from 'node:http'
import { maxControlBodyBytes } from '@postern/protocol'
import { GatheredBytes } from '../domain/gathered-bytes.ts'

/** How a request's body travels: not at all, with the request on the control channel, or on a rendezvous. */
export type BodyPlan = 'none' | 'small' | 'rendezvous'

/** A body of known length up to 64 KiB goes with the request; a longer one, or one of unknown length, gets a rendezvous. */
export function planBody(request: IncomingMessage): BodyPlan {
  if (request.headers['transfer-encoding'] !== undefined) return 'rendezvous'
  const length = Number(request.headers['content-length'] ?? 0)
  if (length === 0) return 'none'
  return length <= maxControlBodyBytes ? 'small' : 'rendezvous'
}

/** Collects a body whose announced length is known to be small. */
export function collectBody(request: IncomingMessage, onBody: (body: Uint8Array) => void): void {
  const gathered = new GatheredBytes()
  request.on('data', (chunk: Uint8Array) => gathered.add(chunk))
  request.on('end', () => onBody(gathered.whole()))
}
