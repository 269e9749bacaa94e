import { createHash, timingSafeEqual } from 'node:crypto'
import type { Secret } from '@postern/program'
import { namespaceId, RelayError } from '@postern/protocol'
import type { AppHybridConnection } from '../../domain/app.ts'
import type { AuthorizationRule } from '../../domain/authorization-rule.ts'
import type { ResourceCatalog } from '../../storage/resource-catalog.ts'
import type { ArmCall } from '../arm-call.ts'
import { type FoundRelay, relayByName } from './relay-reference.ts'

/** Which key an app sends with: never its value, so that a regenerated key is the app's at once. */
export type SendKey = Pick<AppHybridConnection, 'sendKeyName' | 'sendKeyScope' | 'sendKey'>

/** The rule that App Service makes for its apps. */
const defaultRuleName = 'defaultSender'

/**
 * Decides which key the app will send with, and whether the caller may give it away: he has the key, or he could have
 * listed it. Nobody is asked for what is attached already with this rule.
 * @throws {RelayError} EntityNotFound to whom the hybrid connection is not to be seen, AccessDenied, RequestContentInvalid
 */
export function chooseSendKey(
  call: Pick<ArmCall, 'may'>,
  relay: FoundRelay | undefined,
  wanted: {
    readonly ruleName: string | undefined
    readonly value: string | undefined
    readonly standing: SendKey | undefined
    /** `namespace/name` as it was asked for. */
    readonly name: string
  },
): SendKey {
  const { standing, value } = wanted
  const ruleName = wanted.ruleName ?? standing?.sendKeyName ?? defaultRuleName
  const candidates = relay ? rulesNamed(relay, ruleName) : []
  const match = value === undefined ? undefined : matchKey(candidates, value)
  if (match) return demandSend(match)
  if (value === undefined && standing && isStanding(candidates, standing)) return standing
  if (!relay || !call.may(readAction, relay.id)) throw unseen(wanted.name)
  if (value !== undefined) {
    throw new RelayError('AccessDenied', {
      message: `properties.sendKeyValue is none of the keys of a rule '${ruleName}' of ${wanted.name}; look whether it was regenerated`,
    })
  }
  const [rule] = candidates
  if (!rule) {
    throw new RelayError('RequestContentInvalid', {
      message: `${wanted.name} has no rule '${ruleName}': create one with the right Send, or name another in properties.sendKeyName`,
    })
  }
  demandListKeys(call, rule, { name: wanted.name, instead: '; or a send key in properties.sendKeyValue' })
  return demandSend({ ...rule, key: 'primary' })
}

/**
 * The rule whose key an attachment sends with, looked up now: the hybrid connection's own comes first.
 * @returns undefined when there is none with the right Send any more
 */
export function currentSendKey(
  catalog: ResourceCatalog,
  attached: AppHybridConnection,
): (PlacedRule & { readonly value: Secret }) | undefined {
  const relay = relayByName(catalog, attached.namespace, attached.relayName)
  const found = relay && rulesNamed(relay, attached.sendKeyName).find(({ scope }) => scope === attached.sendKeyScope)
  if (!found?.rule.rights.includes('Send')) return undefined
  return { ...found, value: attached.sendKey === 'primary' ? found.rule.primaryKey : found.rule.secondaryKey }
}

/** Whether a choice that was made before still leads to a key. */
function isStanding(candidates: readonly PlacedRule[], standing: SendKey): boolean {
  return candidates.some(
    ({ rule, scope }) => scope === standing.sendKeyScope && isSame(rule.name, standing.sendKeyName),
  )
}

const readAction = 'Microsoft.Relay/namespaces/hybridConnections/read'
const entityListKeys = 'Microsoft.Relay/namespaces/hybridConnections/authorizationRules/listKeys/action'
const namespaceListKeys = 'Microsoft.Relay/namespaces/authorizationRules/listKeys/action'

/** A rule with the action that lists its keys. */
export interface PlacedRule {
  readonly rule: AuthorizationRule
  readonly scope: SendKey['sendKeyScope']
  readonly ruleId: string
  readonly listKeys: string
}

/** The rules of a name: the hybrid connection's, then the namespace's. */
function rulesNamed(relay: FoundRelay, name: string): readonly PlacedRule[] {
  return placedRules(relay).filter(({ rule }) => isSame(rule.name, name))
}

/** All rules that hold for a hybrid connection: its own, then the namespace's. */
export function placedRules({ namespace, entity, id }: FoundRelay): readonly PlacedRule[] {
  const above = namespaceId(namespace, namespace.name)
  return [
    ...entity.rules.map((rule) => placed(rule, 'hybridConnection', id)),
    ...namespace.rules.map((rule) => placed(rule, 'namespace', above)),
  ]
}

function placed(rule: AuthorizationRule, scope: PlacedRule['scope'], id: string): PlacedRule {
  const listKeys = scope === 'namespace' ? namespaceListKeys : entityListKeys
  return { rule, scope, ruleId: `${id}/authorizationRules/${rule.name}`, listKeys }
}

/**
 * @param options.name of the hybrid connection
 * @param options.instead what the caller may do without the action
 * @throws {RelayError} AccessDenied, saying why a Reader cannot have the key
 */
export function demandListKeys(
  call: Pick<ArmCall, 'may'>,
  { listKeys, ruleId }: PlacedRule,
  options: { readonly name: string; readonly instead?: string },
): void {
  if (call.may(listKeys, ruleId)) return
  throw new RelayError('AccessDenied', {
    message: `You can see ${options.name}, but not use it: that takes the action '${listKeys}' over scope '${ruleId}', which Contributor and Azure Relay Owner have and Reader has not${options.instead ?? ''}`,
  })
}

interface MatchedKey extends PlacedRule {
  readonly key: SendKey['sendKey']
}

/** Two rules with two keys are always compared, by their hashes: time tells nothing about what there is. */
function matchKey(candidates: readonly PlacedRule[], value: string): MatchedKey | undefined {
  const given = hash(value)
  const matches = [candidates[0], candidates[1]].flatMap((placed): MatchedKey[] => {
    const isPrimary = timingSafeEqual(given, hash(placed?.rule.primaryKey.reveal() ?? ''))
    const isSecondary = timingSafeEqual(given, hash(placed?.rule.secondaryKey.reveal() ?? ''))
    if (!placed || !(isPrimary || isSecondary)) return []
    return [{ ...placed, key: isPrimary ? 'primary' : 'secondary' }]
  })
  return matches.find(({ rule }) => rule.rights.includes('Send')) ?? matches[0]
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** @throws {RelayError} RequestContentInvalid */
function demandSend({ rule, scope, key }: MatchedKey): SendKey {
  if (rule.rights.includes('Send')) return { sendKeyName: rule.name, sendKeyScope: scope, sendKey: key }
  throw new RelayError('RequestContentInvalid', {
    message: `The rule '${rule.name}' has no right Send: name one that has in properties.sendKeyName`,
  })
}

function unseen(name: string): RelayError {
  return new RelayError('EntityNotFound', { message: `There is no hybrid connection ${name} that you may see` })
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
