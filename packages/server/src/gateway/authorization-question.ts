import type { AuthorizationRequest } from '../auth/authorize.ts'
import type { Call } from './call.ts'
import { ownsHost, type RelayParts } from './relay-parts.ts'

/** What is asked of `authorize` about this call, but for the rights. */
export function authorizationQuestion(
  parts: RelayParts,
  call: Pick<Call, 'namespace' | 'entity' | 'target'>,
  token: string | undefined,
): Omit<AuthorizationRequest, 'rights'> {
  const { namespace, entity, target } = call
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
