import type { AuthorizationRequest } from '../auth/authorize-by-signature.ts'
import type { Decision } from '../auth/decision.ts'
import { type AuthorizationSubject, authorizationQuestion } from './authorization-question.ts'
import type { RelayParts } from './relay-parts.ts'

/**
 * What is asked of the authorizer against namespace and hybrid connection as they stand now, so that it serves admission and
 * every later look alike. Undefined when the namespace is gone.
 */
export function currentQuestion(
  parts: RelayParts,
  subject: AuthorizationSubject,
  token: string | undefined,
): Omit<AuthorizationRequest, 'rights'> | undefined {
  const namespace = parts.catalog.namespaceByName(subject.namespace.name)
  if (namespace === undefined) return undefined
  const entity = parts.catalog.find(namespace.name, subject.target.path)?.entity
  return authorizationQuestion(parts, { namespace, entity, target: subject.target }, token)
}

/** Decides where there is nothing to ask about. */
export const namespaceGone: Decision = { allowed: false, code: 'EndpointNotFound', reason: 'the namespace was deleted' }
