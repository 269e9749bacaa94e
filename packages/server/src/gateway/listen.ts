import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { Secret } from '@postern/program'
import { formatSwitchingProtocols, type UpgradeRequest } from '@postern/websocket'
import { authorize } from '../auth/authorize.ts'
import { webSocketCredential } from '../auth/credential.ts'
import { type Decision, principalName } from '../auth/decision.ts'
import { entityKey, type HybridConnection } from '../domain/hybrid-connection.ts'
import type { Namespace } from '../domain/namespace.ts'
import { ControlChannel } from '../listeners/control-channel.ts'
import { authorizationQuestion } from './authorization-question.ts'
import type { Call } from './call.ts'
import type { RelayParts } from './relay-parts.ts'

/** An upgrade whose handshake was read. */
export interface UpgradedSocket {
  readonly socket: Duplex
  readonly head: Uint8Array
  readonly upgrade: UpgradeRequest
  /** `wss://host[:port]` as this client reached the relay. */
  readonly origin: string
}

/** Hybrid Connections protocol, "Listener control channel connection". */
export function listen(parts: RelayParts, call: Call, upgraded: UpgradedSocket): void {
  const { entity, trackingId, address, remote, target } = call
  const refusal = { stage: 'listen', trackingId, address, remote }
  const credential = webSocketCredential(call.request.headers, target)
  const decision = authorizeListener(parts, call, credential?.token, false)
  const counters = entity && parts.counters.entity(entity.namespace, entity.name)
  if (!decision.allowed || credential === undefined) {
    if (counters) counters.listenerConnectionsClientError += 1
    parts.refusals.refuseUpgrade(upgraded.socket, {
      ...refusal,
      ...(decision.allowed ? { code: 'TokenMissing' } : decision),
    })
    return
  }
  if (entity === undefined || counters === undefined) {
    parts.refusals.refuseUpgrade(upgraded.socket, { ...refusal, code: 'EndpointNotFound' })
    return
  }
  const key = entityKey(entity.namespace, entity.name)
  const maxListeners = entity.maxListeners ?? parts.limits.maxListenersPerEntity
  if (parts.listeners.count(key) >= maxListeners) {
    counters.listenerConnectionsClientError += 1
    parts.refusals.refuseUpgrade(upgraded.socket, { ...refusal, code: 'MaximumListenersPerEndpoint' })
    return
  }
  parts.admit(upgraded.socket)
  upgraded.socket.write(
    formatSwitchingProtocols({ key: upgraded.upgrade.key, ...firstProtocol(upgraded.upgrade) }),
    'latin1',
  )
  const channel = new ControlChannel({
    stream: upgraded.socket,
    head: upgraded.head,
    entity: key,
    id: target.id ?? randomUUID(),
    trackingId,
    origin: parts.advertise ?? upgraded.origin,
    remote,
    isJava: /^Jetty\//.test(call.request.headers['user-agent'] ?? ''),
    admission: { token: new Secret(credential.token), expiresAtMs: decision.expiresAtMs },
    authorizeToken: (token, { ignoreExpiry }) => authorizeListener(parts, call, token, ignoreExpiry),
    tokenGraceMs: parts.limits.tokenGraceMs,
    log: parts.log,
    onClosed: (closed, cause) => {
      parts.listeners.remove(closed)
      parts.keepAlive.delete(closed)
      counters.activeListeners -= 1
      counters.listenerDisconnects += 1
      parts.log.info('listener.disconnected', { trackingId, entity: key, code: cause.code, reason: cause.reason })
    },
  })
  parts.listeners.add(channel, maxListeners)
  parts.keepAlive.add(channel)
  counters.listenerConnectionsSuccess += 1
  counters.activeListeners += 1
  parts.log.info('listener.connected', {
    trackingId,
    entity: key,
    listenerId: channel.id,
    remote: remote.address,
    principal: principalName(decision.principal),
  })
}

/** Decides against the rules as they stand now, so that it serves admission, renewal and revalidation alike. */
function authorizeListener(parts: RelayParts, call: Call, token: string | undefined, ignoreExpiry: boolean): Decision {
  const question = authorizationQuestion(parts, { ...currentResources(parts, call), target: call.target }, token)
  const graceMs = ignoreExpiry ? Number.POSITIVE_INFINITY : question.graceMs
  return authorize({ ...question, graceMs, rights: ['Listen'] })
}

function currentResources(
  parts: RelayParts,
  call: Call,
): { readonly namespace: Namespace; readonly entity: HybridConnection | undefined } {
  const namespace = parts.catalog.namespaceByName(call.namespace.name) ?? call.namespace
  return { namespace, entity: parts.catalog.find(namespace.name, call.target.path)?.entity }
}

/** A control channel carries no subprotocol of its own; a client that offers some gets its first back. */
function firstProtocol(upgrade: UpgradeRequest): { protocol?: string } {
  const [protocol] = upgrade.protocols
  return protocol === undefined ? {} : { protocol }
}
