import { type Credential, webSocketCredential } from '../auth/credential.ts'
import type { Decision } from '../auth/decision.ts'
import { allowsAction } from '../domain/hybrid-connection.ts'
import { allowedRecord } from './audit-records.ts'
import { authorizationQuestion } from './authorization-question.ts'
import type { Call } from './call.ts'
import type { UpgradedSocket } from './listen.ts'
import { mayTry } from './network-admission.ts'
import type { RelayParts } from './relay-parts.ts'
import { SenderConnect } from './sender-connect.ts'
import { whenDecided } from './when-decided.ts'

/** Hybrid Connections protocol, "Web Socket connect protocol": authorises the sender and begins its rendezvous. */
export function connect(parts: RelayParts, call: Call, upgraded: UpgradedSocket): void {
  const { trackingId, address, remote, scope, target, request } = call
  if (!mayTry(parts, call, 'send')) {
    const refusal = { code: 'AddressNotAllowed', stage: 'connect', trackingId, address, remote, scope } as const
    parts.refusals.refuseUpgrade(upgraded.socket, refusal)
    return
  }
  const credential = webSocketCredential(request.headers, target)
  const decision = parts.authorizer.authorizeSender(authorizationQuestion(parts, call, credential?.token))
  const goOn = (decided: Decision): void => onDecision(parts, call, { ...upgraded, credential, decision: decided })
  whenDecided(parts, upgraded.socket, { decision, goOn })
}

function onDecision(
  parts: RelayParts,
  call: Call,
  upgraded: UpgradedSocket & { readonly credential: Credential | undefined; readonly decision: Decision },
): void {
  const { namespace, entity, trackingId, address, remote, scope } = call
  const { decision, credential } = upgraded
  const refusal = { stage: 'connect', trackingId, address, remote, scope }
  if (!decision.allowed) {
    if (entity) parts.counters.entity(entity.namespace, entity.name).senderConnectionsClientError += 1
    parts.refusals.refuseUpgrade(upgraded.socket, { ...refusal, ...decision })
    return
  }
  const { principal } = decision
  if (entity === undefined) {
    parts.refusals.refuseUpgrade(upgraded.socket, { ...refusal, code: 'EndpointNotFound', principal })
    return
  }
  if (!allowsAction(entity, 'connect')) {
    parts.counters.entity(entity.namespace, entity.name).senderConnectionsClientError += 1
    parts.refusals.refuseUpgrade(upgraded.socket, { ...refusal, code: 'ActionDisabled', principal })
    return
  }
  if (!parts.load.enter(namespace.name)) {
    parts.refusals.refuseUpgrade(upgraded.socket, { ...refusal, code: 'QuotaExceeded', principal })
    return
  }
  parts.admit(upgraded.socket)
  parts.audit.record(allowedRecord({ call, action: 'connect', principal }))
  const dropAuthorization = principal.kind !== 'anonymous' && credential?.place === 'Authorization'
  new SenderConnect({ parts, call, entity, upgraded, principal, dropAuthorization }).start()
}
