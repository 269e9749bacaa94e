import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { Secret } from '@postern/program'
import { parseTargetState, relayHeader, type TargetState, targetHeader } from '@postern/protocol'
import { formatSwitchingProtocols, type UpgradeRequest } from '@postern/websocket'
import { webSocketCredential } from '../auth/credential.ts'
import { type Decision, principalName } from '../auth/decision.ts'
import { entityKey, type HybridConnection } from '../domain/hybrid-connection.ts'
import { ControlChannel, type ListenerAdmission } from '../listeners/control-channel.ts'
import { toLogText } from '../telemetry/log-text.ts'
import { allowedRecord } from './audit-records.ts'
import type { AuthorizationSubject } from './authorization-question.ts'
import type { Call } from './call.ts'
import { currentQuestion, namespaceGone } from './current-question.ts'
import { hasReceiverPlace } from './messages/receiver-place.ts'
import { mayTry } from './network-admission.ts'
import type { Refusal } from './refusals.ts'
import type { RelayParts } from './relay-parts.ts'
import { isRestlessClient } from './restless-client.ts'
import { whenDecided } from './when-decided.ts'

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
  if (!mayTry(parts, call, 'listen')) {
    refuse(parts, call, { socket: upgraded.socket, code: 'AddressNotAllowed' })
    return
  }
  const token = webSocketCredential(call.request.headers, call.target)?.token
  const decision = authorizeListener(parts, call, token)
  const goOn = (decided: Decision): void => onDecision(parts, call, { ...upgraded, token, decision: decided })
  whenDecided(parts, upgraded.socket, { decision, goOn })
}

function onDecision(
  parts: RelayParts,
  call: Call,
  upgraded: UpgradedSocket & { readonly token: string | undefined; readonly decision: Decision },
): void {
  const { entity, trackingId, remote } = call
  const { decision, token = '', socket } = upgraded
  if (!decision.allowed) return refuse(parts, call, { ...decision, socket })
  const { principal, expiresAtMs } = decision
  if (entity === undefined) return refuse(parts, call, { socket, code: 'EndpointNotFound', principal })
  if (call.target.id !== undefined) {
    parts.listeners.doubtEarlier(entityKey(entity.namespace, entity.name), call.target.id)
  }
  if (!hasReceiverPlace(parts, entity)) {
    if (waitForPlace(parts, { ...call, entity }, upgraded)) return
    return refuse(parts, call, { socket, code: 'MaximumListenersPerEndpoint', principal })
  }
  parts.admit(upgraded.socket)
  const { upgrade } = upgraded
  const target = declaredTarget(call)
  const headers = target === undefined ? [] : ([[relayHeader, dialect]] as const)
  upgraded.socket.write(formatSwitchingProtocols({ key: upgrade.key, ...firstProtocol(upgrade), headers }), 'latin1')
  const channel = openControlChannel(parts, call, {
    ...upgraded,
    entity,
    admission: { token: new Secret(token), principal, expiresAtMs },
  })
  parts.audit.record(allowedRecord({ call, action: 'listen', principal }))
  parts.listenerLog.info('listener.connected', channel.entity, {
    trackingId,
    entity: channel.entity,
    listenerId: toLogText(channel.id),
    remote: remote.address,
    principal: principalName(principal),
  })
}

function refuse(
  parts: RelayParts,
  { entity, trackingId, address, remote, scope }: Call,
  why: Pick<UpgradedSocket, 'socket'> & Pick<Refusal, 'code' | 'reason' | 'principal'>,
): void {
  if (entity) parts.counters.entity(entity.namespace, entity.name).listenerConnectionsClientError += 1
  const { socket, code, reason, principal } = why
  const refusal = { code, ...(reason !== undefined && { reason }), ...(principal && { principal }) }
  parts.refusals.refuseUpgrade(socket, { ...refusal, stage: 'listen', trackingId, address, remote, scope })
}

function openControlChannel(
  parts: RelayParts,
  call: Call,
  admitted: UpgradedSocket & { readonly entity: HybridConnection; readonly admission: ListenerAdmission },
): ControlChannel {
  const { socket, head, origin, entity, admission } = admitted
  const { trackingId, address, remote, scope, target } = call
  const counters = parts.counters.entity(entity.namespace, entity.name)
  // A control channel lives for months: it keeps what it needs of the call, not the call.
  const subject = { namespace: call.namespace, target: { path: target.path } }
  const audited = { trackingId, scope, remote }
  const channel = new ControlChannel({
    stream: socket,
    head,
    entity: entityKey(entity.namespace, entity.name),
    id: target.id ?? randomUUID(),
    trackingId,
    origin: parts.advertise ?? origin,
    remote,
    isJava: call.request.headers['user-agent']?.startsWith('Jetty/') ?? false,
    target: declaredTarget(call),
    admission,
    authorizeToken: (token) => authorizeListener(parts, subject, token),
    reauthorize: (admitted) => reauthorizeListener(parts, subject, admitted),
    onRenewed: (renewer) =>
      parts.audit.record(allowedRecord({ call: audited, action: 'listen', principal: renewer }, 'token renewed')),
    isPrivate: call.isPrivate,
    tokenGraceMs: parts.limits.tokenGraceMs,
    log: parts.log,
    onClosed: (closed, { code, reason, refused }) => {
      parts.messages.flush(closed.entity)
      parts.listeners.remove(closed)
      parts.keepAlive.delete(closed)
      counters.activeListeners -= 1
      counters.listenerDisconnects += 1
      if (refused) {
        const { principal } = closed
        const refusal = { code: refused, stage: 'control', trackingId, address, remote, scope, principal, reason }
        parts.refusals.record(refusal)
      }
      const ended = { trackingId, entity: closed.entity, code, reason: toLogText(reason) }
      parts.listenerLog.info('listener.disconnected', closed.entity, ended)
      parts.waitingListeners.release(closed.entity, () => hasReceiverPlace(parts, entity))
    },
  })
  parts.messages.flush(channel.entity)
  parts.listeners.add(channel)
  parts.keepAlive.add(channel)
  counters.listenerConnectionsSuccess += 1
  counters.activeListeners += 1
  return channel
}

/** @returns false when the listener is to be refused instead: most clients take that for an answer */
function waitForPlace(
  parts: RelayParts,
  call: Call & { readonly entity: HybridConnection },
  upgraded: UpgradedSocket,
): boolean {
  const { entity, trackingId, remote } = call
  if (!isRestlessClient(upgraded.upgrade)) return false
  const key = entityKey(entity.namespace, entity.name)
  const isWaiting = parts.waitingListeners.add(key, upgraded.socket, () => {
    const current = parts.catalog.find(entity.namespace, entity.name)?.entity
    listen(parts, { ...call, entity: current }, upgraded)
  })
  if (!isWaiting) return false
  parts.admit(upgraded.socket)
  parts.log.debug('listener.waiting', { trackingId, entity: key, remote: remote.address })
  return true
}

function authorizeListener(
  parts: RelayParts,
  subject: AuthorizationSubject,
  token: string | undefined,
): Decision | Promise<Decision> {
  const question = currentQuestion(parts, subject, token)
  return question ? parts.authorizer.authorize({ ...question, rights: ['Listen'] }) : namespaceGone
}

function reauthorizeListener(parts: RelayParts, subject: AuthorizationSubject, admission: ListenerAdmission): Decision {
  const question = currentQuestion(parts, subject, admission.token.reveal())
  return question
    ? parts.authorizer.reauthorize(admission.principal, { ...question, rights: ['Listen'] })
    : namespaceGone
}

/** What {@link relayHeader} says: target messages are read, accept messages name the endpoint. */
const dialect = '1'

function declaredTarget({ request }: Call): TargetState | undefined {
  return parseTargetState(request.headers[targetHeader.toLowerCase()])
}

/** A control channel carries no subprotocol of its own; a client that offers some gets its first back. */
export function firstProtocol(upgrade: UpgradeRequest): { protocol?: string } {
  const [protocol] = upgrade.protocols
  return protocol === undefined ? {} : { protocol }
}
