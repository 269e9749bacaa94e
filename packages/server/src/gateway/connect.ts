import { authorizeSender } from '../auth/authorize.ts'
import { webSocketCredential } from '../auth/credential.ts'
import { allowedRecord } from './audit-records.ts'
import { authorizationQuestion } from './authorization-question.ts'
import type { Call } from './call.ts'
import type { UpgradedSocket } from './listen.ts'
import type { RelayParts } from './relay-parts.ts'
import { SenderConnect } from './sender-connect.ts'

/** Hybrid Connections protocol, "Web Socket connect protocol": authorises the sender and begins its rendezvous. */
export function connect(parts: RelayParts, call: Call, upgraded: UpgradedSocket): void {
  const { namespace, entity, trackingId, address, remote, scope, target, request } = call
  const refusal = { stage: 'connect', trackingId, address, remote, scope }
  const credential = webSocketCredential(request.headers, target)
  const decision = authorizeSender(authorizationQuestion(parts, call, credential?.token))
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
  if (!parts.load.enter(namespace.name)) {
    parts.refusals.refuseUpgrade(upgraded.socket, { ...refusal, code: 'QuotaExceeded', principal })
    return
  }
  parts.admit(upgraded.socket)
  parts.audit.record(allowedRecord({ call, action: 'connect', principal }))
  const dropAuthorization = decision.principal.kind === 'rule' && credential?.place === 'Authorization'
  new SenderConnect({ parts, call, entity, upgraded, principal, dropAuthorization }).start()
}
