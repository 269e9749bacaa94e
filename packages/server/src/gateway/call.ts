import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type ErrorCode, hybridConnectionId, parseRelayTarget, type RelayTarget } from '@postern/protocol'
import type { HybridConnection } from '../domain/hybrid-connection.ts'
import type { Namespace } from '../domain/namespace.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import type { ResourceCatalog } from '../storage/resource-catalog.ts'
import { hostName } from './host-header.ts'
import type { CallSource } from './network-admission.ts'

/** One upgrade or request at the data door, read but not yet authorised. */
export interface Call {
  readonly request: IncomingMessage
  readonly remote: RemoteEndpoint
  /** It came through the private door. */
  readonly isPrivate: boolean
  /** The Host header as sent, `host[:port]`. */
  readonly host: string
  readonly namespace: Namespace
  /** Absent when the path names no hybrid connection. */
  readonly entity: HybridConnection | undefined
  readonly target: RelayTarget
  /** `<sb-hc-id or new guid>_G0`: in every answer, log line and message of this call. */
  readonly trackingId: string
  /** What error texts call the thing asked for: `sb://host/path`. */
  readonly address: string
  /** What the audit log calls it: ARM id of the hybrid connection, the address when there is none. */
  readonly scope: string
}

/** A call as far as it goes without a namespace: all that a socket at a rendezvous address needs. */
export type Arrival = Pick<Call, 'target' | 'trackingId' | 'address' | 'remote' | 'isPrivate'>

/** Why a call could not even be read. */
export interface UnreadableCall {
  readonly code: ErrorCode
  readonly message: string
  readonly trackingId: string
  readonly address: string
}

/** Reads the request target; the host is not looked up yet. */
export function readArrival(request: IncomingMessage, { remote, isPrivate }: CallSource): Arrival | UnreadableCall {
  const host = request.headers.host ?? ''
  const target = parseRelayTarget(request.url ?? '')
  // The id of a rendezvous address is a secret as long as it is good for something, and this one goes to the log.
  const isRendezvous = target?.action === 'accept' || target?.action === 'request'
  const trackingId = trackingIdFor(isRendezvous ? undefined : target?.id)
  const address = `sb://${host}/${target?.path ?? ''}`
  if (target === undefined) {
    return { code: 'RequestMalformed', message: 'The request target is not a path.', trackingId, address }
  }
  return { target, trackingId, address, remote, isPrivate }
}

/** Finds the namespace by Host and the hybrid connection by path. */
export function readCall(arrival: Arrival, request: IncomingMessage, catalog: ResourceCatalog): Call | UnreadableCall {
  const { target, trackingId, address } = arrival
  const host = request.headers.host ?? ''
  const namespace = catalog.namespaceByHost(hostName(host))
  if (namespace === undefined) {
    return { code: 'EndpointNotFound', message: 'No namespace has this host name.', trackingId, address }
  }
  const entity = catalog.find(namespace.name, target.path)?.entity
  const scope = entity ? hybridConnectionId(namespace, namespace.name, entity.name) : address
  return { ...arrival, request, host, namespace, entity, scope }
}

export function isUnreadable(call: Arrival | UnreadableCall): call is UnreadableCall {
  return 'code' in call
}

/** The client's own id when it is short and harmless, else a new one; `_G0` is the node's part, as Azure writes it. */
function trackingIdFor(clientId: string | undefined): string {
  const id = clientId !== undefined && /^[\w-]{1,64}$/.test(clientId) ? clientId : randomUUID()
  return /_G\d+$/.test(id) ? id : `${id}_G0`
}
