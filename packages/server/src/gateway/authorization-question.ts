import type { AuthorizationRequest } from '../auth/authorize-by-signature.ts'
import type { HybridConnection } from '../domain/hybrid-connection.ts'
import type { Namespace } from '../domain/namespace.ts'
import type { Call } from './call.ts'
import { ownsHost, type RelayParts } from './relay-parts.ts'

/** Whom and what a token must fit. */
export interface AuthorizationSubject {
  readonly namespace: Namespace
  readonly entity?: HybridConnection | undefined
  readonly target: Pick<Call['target'], 'path'>
}

/** What is asked of the authorizer about this call, but for the rights. */
export function authorizationQuestion(
  parts: RelayParts,
  subject: AuthorizationSubject,
  token: string | undefined,
): Omit<AuthorizationRequest, 'rights'> {
  const { namespace, entity, target } = subject
  return {
    namespace,
    entity,
    path: target.path,
    token,
    nowMs: Date.now(),
    graceMs: parts.limits.tokenGraceMs,
    ownsHost: (host) => ownsHost(parts.catalog, namespace, host),
  }
}
