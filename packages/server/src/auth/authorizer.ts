import { hybridConnectionId, namespaceId, type Right } from '@postern/protocol'
import type { Caller } from '../domain/caller.ts'
import type { RoleBook } from '../identity/roles/role-book.ts'
import type { DocumentCopy } from '../storage/document-copy.ts'
import { type AuthorizationRequest, authorizeBySignature } from './authorize-by-signature.ts'
import { type BearerTokens, bearerTokenOf } from './bearer-tokens.ts'
import type { Decision, Principal } from './decision.ts'

export interface AuthorizerOptions {
  readonly tokens: BearerTokens
  readonly roles: RoleBook
  readonly documents: DocumentCopy
}

/**
 * Decides who may listen and send: by shared access signature, or by bearer token and role. It answers at once, unless a
 * bearer token has to be verified that was not seen before.
 */
export class Authorizer {
  readonly #options: AuthorizerOptions

  constructor(options: AuthorizerOptions) {
    this.#options = options
  }

  authorize(request: AuthorizationRequest): Decision | Promise<Decision> {
    const bearer = request.token === undefined ? undefined : bearerTokenOf(request.token)
    if (bearer === undefined) return authorizeBySignature(request)
    const known = this.#options.tokens.verifyCached(bearer, 'data')
    return known ? this.#byRole(known, request) : this.#verify(bearer, request)
  }

  /**
   * Decides about a sender. An entity without client authorisation lets senders pass with no token, and with a bad one
   * (observed).
   */
  authorizeSender(request: Omit<AuthorizationRequest, 'rights'>): Decision | Promise<Decision> {
    if (request.entity?.requiresClientAuthorization === false) {
      return { allowed: true, principal: { kind: 'anonymous' }, expiresAtMs: Number.POSITIVE_INFINITY }
    }
    return this.authorize({ ...request, rights: ['Send'] })
  }

  /**
   * Decides again about somebody who was admitted earlier, after rules, keys or roles changed. That the token has run out
   * meanwhile does not count: renewing it has its own time.
   */
  reauthorize(principal: Principal, request: AuthorizationRequest): Decision {
    if (principal.kind !== 'caller') return authorizeBySignature({ ...request, graceMs: Number.POSITIVE_INFINITY })
    if (this.#isKnown(principal.caller)) return this.#byRole(principal.caller, request)
    return { allowed: false, code: 'AuthorizationRevoked', reason: `${principal.caller.name} was removed or disabled` }
  }

  async #verify(token: string, request: AuthorizationRequest): Promise<Decision> {
    const verified = await this.#options.tokens.verify(token, 'data')
    return 'code' in verified ? { allowed: false, ...verified } : this.#byRole(verified, request)
  }

  #byRole(caller: Caller, { namespace, entity, rights }: AuthorizationRequest): Decision {
    const scope = entity
      ? hybridConnectionId(namespace, namespace.name, entity.name)
      : namespaceId(namespace, namespace.name)
    for (const right of rights) {
      const decision = this.#options.roles.decide(caller, { kind: 'dataAction', action: dataActions[right], scope })
      if (decision.allowed) {
        return {
          allowed: true,
          principal: { kind: 'caller', caller, role: decision.role },
          expiresAtMs: caller.expiresAtMs,
        }
      }
    }
    const principal = { kind: 'caller', caller, role: 'none' } as const
    const reason = `no role gives ${caller.name} ${rights.join(' or ')}`
    return { allowed: false, code: 'RightMissing', reason, principal }
  }

  /** Other issuers do not tell whom they have removed: their tokens run out. */
  #isKnown({ kind, id }: Caller): boolean {
    return kind === 'external' || this.#options.documents.get('principal', id)?.document.value.isEnabled === true
  }
}

/** What Azure's roles call the rights of a rule; `manage` stands for reading and changing by ATOM. */
const dataActions: Readonly<Record<Right, string>> = {
  Listen: 'Microsoft.Relay/namespaces/messages/listen/action',
  Send: 'Microsoft.Relay/namespaces/messages/send/action',
  Manage: 'Microsoft.Relay/namespaces/messages/manage/action',
}
