import { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'
import {
  type AuthorizationRule,
  findRule,
  keyProblem,
  maxRules,
  ruleProblem,
  withRule,
} from '../../domain/authorization-rule.ts'
import { generateKey } from '../../domain/generate-key.ts'
import { type ArmCall, type ArmHandler, type ArmHandlers, type ArmReply, ok } from '../arm-call.ts'
import { etagOf } from '../etag.ts'
import type { ManagementParts } from '../management-parts.ts'
import { page } from '../page.ts'
import { partConditions } from '../part-conditions.ts'
import { nameIn } from '../resources/resource-handlers.ts'
import { writeDocument } from '../write-document.ts'
import type { authorizationRuleRoutes } from './authorization-rule-routes.ts'
import { keysJson } from './keys-json.ts'
import { type RuleOwner, ruleOwner } from './rule-owner.ts'

type Handlers = ArmHandlers<typeof authorizationRuleRoutes>

export function authorizationRuleHandlers(parts: ManagementParts): Handlers {
  const { documents } = parts
  const list: ArmHandler = (call) => {
    const owner = ruleOwner(documents, call)
    const items = rulesOf(owner)
      .map((rule) => ({ key: rule.name.toLowerCase(), rule }))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    return page(call, items, ({ rule }) => ruleJson(owner, rule))
  }
  const get: ArmHandler = (call) => {
    const owner = ruleOwner(documents, call)
    return ok(ruleJson(owner, demandRule(owner, call)), etagOf(owner.stored))
  }
  const listKeys: ArmHandler = (call) => {
    const owner = ruleOwner(documents, call)
    return keysReply(parts, owner, demandRule(owner, call))
  }
  const put: Handlers['Namespaces_CreateOrUpdateAuthorizationRule'] = (call) => putRule(parts, call)
  const remove: ArmHandler = (call) => deleteRule(parts, call)
  const regenerate: Handlers['Namespaces_RegenerateKeys'] = (call) => regenerateKey(parts, call)
  return {
    Namespaces_ListAuthorizationRules: list,
    Namespaces_GetAuthorizationRule: get,
    Namespaces_CreateOrUpdateAuthorizationRule: put,
    Namespaces_DeleteAuthorizationRule: remove,
    Namespaces_ListKeys: listKeys,
    Namespaces_RegenerateKeys: regenerate,
    HybridConnections_ListAuthorizationRules: list,
    HybridConnections_GetAuthorizationRule: get,
    HybridConnections_CreateOrUpdateAuthorizationRule: put,
    HybridConnections_DeleteAuthorizationRule: remove,
    HybridConnections_ListKeys: listKeys,
    HybridConnections_RegenerateKeys: regenerate,
  }
}

type PutCall = Parameters<Handlers['Namespaces_CreateOrUpdateAuthorizationRule']>[0]
type RegenerateCall = Parameters<Handlers['Namespaces_RegenerateKeys']>[0]

async function putRule(parts: ManagementParts, call: PutCall): Promise<ArmReply> {
  const name = nameIn(call.params, 'authorizationRuleName')
  const wanted = { name, rights: call.body.properties.rights }
  const problem = ruleProblem(wanted)
  if (problem !== undefined) throw new RelayError('RequestContentInvalid', { message: problem })
  const { owner, rules } = await changeRules(parts, call, (standing) => withRule(standing, wanted))
  const rule = findRule(rules, name)
  return ok(rule && ruleJson(owner, rule), etagOf(owner.stored))
}

async function deleteRule(parts: ManagementParts, call: ArmCall): Promise<ArmReply> {
  const name = nameIn(call.params, 'authorizationRuleName')
  const owner = ruleOwner(parts.documents, call)
  if (!findRule(rulesOf(owner), name)) {
    partConditions(call, { isThere: false })
    return { status: 204 }
  }
  await changeRules(parts, call, (standing) => standing.filter((rule) => rule !== findRule(standing, name)))
  return { status: 200 }
}

async function regenerateKey(parts: ManagementParts, call: RegenerateCall): Promise<ArmReply> {
  const { keyType, key } = call.body
  const name = nameIn(call.params, 'authorizationRuleName')
  const problem = typeof key === 'string' ? keyProblem(key) : undefined
  if (problem !== undefined) throw new RelayError('RequestContentInvalid', { message: `The key ${problem}` })
  const made = typeof key === 'string' ? new Secret(key) : generateKey()
  const change = keyType.toLowerCase() === 'primarykey' ? { primaryKey: made } : { secondaryKey: made }
  const { owner, rules } = await changeRules(parts, call, (standing) => {
    const rule = findRule(standing, name)
    if (!rule) throw ruleNotFound(name)
    return withRule(standing, { ...rule, ...change })
  })
  return keysReply(parts, owner, findRule(rules, name))
}

/** Writes the rules of an owner, made from those that stand there. */
async function changeRules(
  parts: ManagementParts,
  call: ArmCall,
  change: (rules: readonly AuthorizationRule[]) => readonly AuthorizationRule[],
): Promise<{ readonly owner: RuleOwner; readonly rules: readonly AuthorizationRule[] }> {
  const owner = ruleOwner(parts.documents, call)
  const isThere = findRule(rulesOf(owner), nameIn(call.params, 'authorizationRuleName')) !== undefined
  const { stored } = await writeDocument(parts, partConditions(call, { isThere }), {
    kind: owner.stored.document.kind,
    path: owner.path,
    make: () => {
      // Read anew: a write that was overtaken is made again, and the owner may be gone, or another one's, by then.
      const { document } = ruleOwner(parts.documents, call).stored
      const rules = change(document.value.rules)
      if (rules.length > Math.max(maxRules, document.value.rules.length)) throw tooManyRules()
      return { ...document.value, rules }
    },
  })
  return { owner: { ...owner, stored }, rules: stored.document.value.rules }
}

function rulesOf({ stored }: RuleOwner): readonly AuthorizationRule[] {
  return stored.document.value.rules
}

function keysReply(parts: ManagementParts, owner: RuleOwner, rule: AuthorizationRule | undefined): ArmReply {
  return ok(rule && keysJson(parts, owner, rule), { 'Cache-Control': 'no-store' })
}

function ruleJson({ id, ruleType, namespace }: RuleOwner, { name, rights }: AuthorizationRule): unknown {
  return {
    id: `${id}/authorizationRules/${name}`,
    name,
    type: ruleType,
    location: namespace.location,
    properties: { rights },
  }
}

/** @throws {RelayError} ResourceNotFound */
function demandRule(owner: RuleOwner, { params }: ArmCall): AuthorizationRule {
  const name = nameIn(params, 'authorizationRuleName')
  const rule = findRule(rulesOf(owner), name)
  if (!rule) throw ruleNotFound(name)
  return rule
}

function ruleNotFound(name: string): RelayError {
  return new RelayError('ResourceNotFound', { message: `There is no authorization rule '${name.slice(0, 256)}'` })
}

function tooManyRules(): RelayError {
  return new RelayError('ResourceLimitReached', {
    message: `There are ${maxRules} authorization rules already; a namespace or hybrid connection cannot have more`,
  })
}
