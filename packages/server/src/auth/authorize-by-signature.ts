import { createHmac, randomUUID } from 'node:crypto'
import {
  audienceCovers,
  audiencePath,
  type HmacSha256,
  parseSharedAccessSignature,
  type Right,
  ruleNameProblem,
  type SharedAccessSignature,
  signatureMatches,
} from '@postern/protocol'
import { type AuthorizationRule, findRule } from '../domain/authorization-rule.ts'
import type { HybridConnection } from '../domain/hybrid-connection.ts'
import type { Namespace } from '../domain/namespace.ts'
import type { Decision, Principal } from './decision.ts'

/** What is asked: may the bearer of `token` use `right` on this path of this namespace? */
export interface AuthorizationRequest {
  readonly namespace: Namespace
  /** Absent when the path names nothing; then only the namespace's rules can allow (and the caller answers 404). */
  readonly entity: HybridConnection | undefined
  /** Decoded path that was asked for, entity and sub-path, no leading slash. */
  readonly path: string
  readonly token: string | undefined
  /** Any one of these is enough. */
  readonly rights: readonly Right[]
  readonly nowMs: number
  /** How long after its `se` a token still counts: clock skew, and clients that renew at the moment of expiry. */
  readonly graceMs: number
  /** Whether `host` (lower case, no port) is a name of the namespace. */
  readonly ownsHost: (host: string) => boolean
}

/** Decides by shared access signature. Refusals are 401 throughout, as Azure's are; the code says which. */
export function authorizeBySignature(request: AuthorizationRequest): Decision {
  const { token } = request
  if (token === undefined) return { allowed: false, code: 'TokenMissing', reason: 'no token in any accepted place' }
  const signature = parseSharedAccessSignature(token)
  if (signature === undefined) {
    return { allowed: false, code: 'TokenMalformed', reason: 'the token is not a shared access signature' }
  }
  return decideBySignature(request, signature)
}

function decideBySignature(request: AuthorizationRequest, signature: SharedAccessSignature): Decision {
  const { namespace, entity, rights } = request
  const signer = findSigner(namespace, entity, signature)
  if (signer === undefined) {
    const known = findRule(entity?.rules ?? [], signature.keyName) ?? findRule(namespace.rules, signature.keyName)
    return known === undefined
      ? { allowed: false, code: 'TokenRuleUnknown', reason: `no rule named ${loggableRule(signature.keyName)}` }
      : { allowed: false, code: 'TokenSignatureInvalid', reason: `signature made with no key of rule ${known.name}` }
  }
  const { principal } = signer
  const audience = audiencePath(signature.resource)
  if (audience === undefined || !request.ownsHost(audience.host) || !audienceCovers(audience.path, request.path)) {
    const reason = `audience ${signature.resource} does not cover it`
    return { allowed: false, code: 'TokenAudienceInvalid', reason, principal }
  }
  const expiresAtMs = signature.expiresAtSeconds * 1000
  if (request.nowMs > expiresAtMs + request.graceMs) {
    const reason = `expired at ${new Date(expiresAtMs).toISOString()}`
    return { allowed: false, code: 'TokenExpired', reason, principal }
  }
  if (!rights.some((right) => signer.rule.rights.includes(right))) {
    const reason = `rule ${signer.rule.name} lacks ${rights.join(', ')}`
    return { allowed: false, code: 'RightMissing', reason, principal }
  }
  return { allowed: true, principal, expiresAtMs }
}

interface Signer {
  readonly rule: AuthorizationRule
  readonly principal: Principal
}

/** The entity's rule comes first, then the namespace's rule of the same name (observed). */
function findSigner(
  namespace: Namespace,
  entity: HybridConnection | undefined,
  signature: SharedAccessSignature,
): Signer | undefined {
  const scopes = [
    { scope: 'hybridConnection', rules: entity?.rules ?? [] },
    { scope: 'namespace', rules: namespace.rules },
  ] as const
  for (const { scope, rules } of scopes) {
    const rule = findRule(rules, signature.keyName)
    const key = matchingKey(rule, signature)
    if (rule && key) return { rule, principal: { kind: 'rule', scope, rule: rule.name, key } }
  }
  return undefined
}

/** Two keys are always tried, so that time tells neither which one matched nor whether there is such a rule. */
function matchingKey(
  rule: AuthorizationRule | undefined,
  signature: SharedAccessSignature,
): 'primary' | 'secondary' | undefined {
  const primary = signatureMatches(signature, rule?.primaryKey.reveal() ?? nobodysKey, hmacSha256)
  const secondary = signatureMatches(signature, rule?.secondaryKey.reveal() ?? nobodysKey, hmacSha256)
  if (rule === undefined) return undefined
  return primary ? 'primary' : secondary ? 'secondary' : undefined
}

const hmacSha256: HmacSha256 = (key, message) => createHmac('sha256', key).update(message).digest()

/** People mix up a rule's name and its key: what no rule can be called is not written to the log. */
function loggableRule(name: string): string {
  return ruleNameProblem(name) === undefined ? name : 'like this (it is no name of a rule)'
}

/** Signs for rules that do not exist; nobody knows it. */
const nobodysKey: string = randomUUID() + randomUUID()
