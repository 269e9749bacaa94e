import type { Action } from '@postern/protocol'
import type { Credential } from '../../auth/credential.ts'
import type { Decision } from '../../auth/decision.ts'
import { allowsAction, type HybridConnection } from '../../domain/hybrid-connection.ts'
import type { Admitted } from '../../messages/admittance.ts'
import { authorizationQuestion } from '../authorization-question.ts'
import type { Call } from '../call.ts'
import { currentQuestion, namespaceGone } from '../current-question.ts'
import { mayTry } from '../network-admission.ts'
import type { Refusal } from '../refusals.ts'
import type { RelayParts } from '../relay-parts.ts'
import { whenDecided } from '../when-decided.ts'
import { hasReceiverPlace } from './receiver-place.ts'

/** What only messages have. */
export type MessageAction = Extract<Action, 'send' | 'publish' | 'subscribe'>

/** A call at the data door that is about messages. */
export type MessageCall = Call & { readonly action: MessageAction }

/** Whether `sb-hc-action` asks for something that only messages have. */
export function isMessageAction(action: string): action is MessageAction {
  return action === 'send' || action === 'publish' || action === 'subscribe'
}

/** What became of the question whether somebody may. One of the two is called, unless the caller has gone away meanwhile. */
export interface MessageAdmission {
  readonly credential: Credential | undefined
  readonly refuse: (why: Pick<Refusal, 'code' | 'reason' | 'principal'>) => void
  /** Holds a place in the load of the namespace, which must be given back. */
  readonly goOn: (entity: HybridConnection, admitted: Admitted) => void
}

/** Decides who may send, publish and subscribe, in the order of the other actions: network rules, token, action, places. */
export function admitMessages(parts: RelayParts, call: MessageCall, admission: MessageAdmission): void {
  const activity = call.action === 'subscribe' ? 'listen' : 'send'
  if (!mayTry(parts, call, activity)) {
    admission.refuse({ code: 'AddressNotAllowed' })
    return
  }
  const token = admission.credential?.token
  const question = authorizationQuestion(parts, call, token)
  const decision =
    call.action === 'subscribe'
      ? parts.authorizer.authorize({ ...question, rights: ['Listen'] })
      : parts.authorizer.authorizeSender(question)
  const goOn = (decided: Decision): void => onDecision(parts, call, { ...admission, decision: decided })
  whenDecided(parts, call.request.socket, { decision, goOn })
}

function onDecision(
  parts: RelayParts,
  call: MessageCall,
  admission: MessageAdmission & { readonly decision: Decision },
): void {
  const { decision, credential, refuse } = admission
  if (!decision.allowed) return refuse(decision)
  const { principal, expiresAtMs } = decision
  // As it is now: the decision may have taken its time.
  const entity = parts.catalog.find(call.namespace.name, call.target.path)?.entity
  // A longer name that is part of the path may have come up meanwhile: nobody was asked about that one.
  if (entity === undefined || entity.name !== call.entity?.name) return refuse({ code: 'EndpointNotFound', principal })
  if (!allowsAction(entity, call.action)) return refuse({ code: 'ActionDisabled', principal })
  if (call.action === 'subscribe' && !hasReceiverPlace(parts, entity)) {
    return refuse({ code: 'MaximumListenersPerEndpoint', principal })
  }
  if (!parts.load.enter(entity.namespace)) return refuse({ code: 'QuotaExceeded', principal })
  parts.admit(call.request.socket)
  const { namespace, target, action } = call
  // A subscriber stays for months: it keeps what it needs of the call, not the call.
  const subject = { namespace, target: { path: target.path } }
  const token = credential?.token
  admission.goOn(entity, {
    principal,
    expiresAtMs,
    tokenGraceMs: parts.limits.tokenGraceMs,
    reauthorize: () => {
      const asked = currentQuestion(parts, subject, token)
      if (asked === undefined) return namespaceGone
      // By name: since the call, its path may have become that of a longer one.
      const question = { ...asked, entity: parts.catalog.get(entity.namespace, entity.name) }
      // Without a token there is none to look at again, and with one nobody has looked at its expiry.
      if (principal.kind === 'anonymous') return isOpen(question.entity) ? decision : tokenDemanded
      if (action === 'subscribe') return parts.authorizer.reauthorize(principal, { ...question, rights: ['Listen'] })
      if (isOpen(question.entity)) return decision
      return parts.authorizer.reauthorize(principal, { ...question, rights: ['Send'] })
    },
  })
}

/** Senders need no token. */
function isOpen(entity: HybridConnection | undefined): boolean {
  return entity?.requiresClientAuthorization === false
}

const tokenDemanded: Decision = {
  allowed: false,
  code: 'AuthorizationRevoked',
  reason: 'the hybrid connection demands a token now',
}

/**
 * Looks again, as if the call came now, at a sender whose message has been on its way for a while.
 * @returns the hybrid connection as it is now, or why not
 */
export function admittedStill(
  parts: RelayParts,
  call: MessageCall,
  { entity, admitted }: { readonly entity: HybridConnection; readonly admitted: Admitted },
): HybridConnection | Pick<Refusal, 'code' | 'reason'> {
  const namespace = parts.catalog.namespaceByName(call.namespace.name)
  const current = parts.catalog.get(entity.namespace, entity.name)
  if (namespace === undefined || current === undefined) return { code: 'EndpointNotFound' }
  // Most come in one piece: nothing has changed, and nothing is computed twice.
  if (namespace === call.namespace && current === entity && admitted.principal.kind !== 'caller') return current
  if (!mayTry(parts, { ...call, namespace }, 'send')) return { code: 'AddressNotAllowed' }
  if (!allowsAction(current, call.action)) return { code: 'ActionDisabled' }
  const decision = admitted.reauthorize()
  return decision.allowed ? current : decision
}
