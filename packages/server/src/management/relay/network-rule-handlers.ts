import { namespaceId, RelayError } from '@postern/protocol'
import { type NetworkAccess, networkMaskProblem } from '../../domain/network-access.ts'
import { NetworkGuard } from '../../domain/network-guard.ts'
import type { StoredDocument } from '../../storage/resource-store.ts'
import { type ArmHandlers, ok } from '../arm-call.ts'
import { etagOf } from '../etag.ts'
import type { ManagementParts } from '../management-parts.ts'
import { writeDocument } from '../write-document.ts'
import { parentNamespace } from './find-namespace.ts'
import type { networkRuleRoutes } from './network-rule-routes.ts'
import { supportedAccess } from './write-namespace.ts'

type Handlers = ArmHandlers<typeof networkRuleRoutes>
type PutCall = Parameters<Handlers['Namespaces_CreateOrUpdateNetworkRuleSet']>[0]

export function networkRuleHandlers(parts: ManagementParts): Handlers {
  const guard = new NetworkGuard()
  return {
    Namespaces_ListNetworkRuleSets: ({ params }) =>
      ok({ value: [ruleSetJson(parentNamespace(parts.documents, params))] }),
    Namespaces_GetNetworkRuleSet: ({ params }) => {
      const stored = parentNamespace(parts.documents, params)
      return ok(ruleSetJson(stored), etagOf(stored))
    },
    Namespaces_CreateOrUpdateNetworkRuleSet: async (call) => {
      const { name } = parentNamespace(parts.documents, call.params).document.value
      const { stored } = await writeDocument(parts, call, {
        kind: 'namespace',
        path: [name],
        make: () => {
          const { value } = parentNamespace(parts.documents, call.params).document
          const network = networkOf(call.body.properties ?? {}, value.network)
          refuseLockout(guard, network, call)
          return { ...value, network }
        },
      })
      return ok(ruleSetJson(stored), etagOf(stored))
    },
  }
}

/** Azure's clients do not know what is ours and would otherwise widen rules by every change: it stays unless it is named. */
function networkOf(wanted: NonNullable<PutCall['body']['properties']>, standing: NetworkAccess): NetworkAccess {
  const { defaultAction, defaultActions, publicNetworkAccess, trustedServiceAccessEnabled, ipRules } = wanted
  return {
    defaultAction: defaultAction ?? 'Allow',
    defaultActions: defaultActions === undefined ? standing.defaultActions : withoutNulls(defaultActions ?? {}),
    publicNetworkAccess: supportedAccess(publicNetworkAccess) ?? standing.publicNetworkAccess,
    trustedServiceAccessEnabled: trustedServiceAccessEnabled ?? false,
    rules: rulesOf(ipRules ?? [], standing.rules),
  }
}

type WantedRules = NonNullable<NonNullable<PutCall['body']['properties']>['ipRules']>

/** @throws {RelayError} RequestContentInvalid */
function rulesOf(wanted: WantedRules, standing: NetworkAccess['rules']): NetworkAccess['rules'] {
  const masks = new Set<string>()
  return wanted.map(({ ipMask, appliesTo }) => {
    const plain = ipMask.toLowerCase()
    const problem = networkMaskProblem(ipMask) ?? (masks.has(plain) ? `"${ipMask}" is there twice` : undefined)
    if (problem !== undefined) throw new RelayError('RequestContentInvalid', { message: `ipRules: ${problem}` })
    masks.add(plain)
    const before = standing.find((rule) => rule.ipMask.toLowerCase() === plain)?.appliesTo
    const activities = appliesTo === undefined ? before : appliesTo
    return activities ? { ipMask, appliesTo: [...new Set(activities)] } : { ipMask }
  })
}

/** @throws {RelayError} RequestContentInvalid */
function refuseLockout(guard: NetworkGuard, network: NetworkAccess, { address }: PutCall): void {
  if (guard.allows(network, { activity: 'manage', address, isPrivate: false })) return
  throw new RelayError('RequestContentInvalid', {
    message: `These rules would shut you out: your address ${address} could not manage the namespace any more. Add a rule for it, or leave defaultActions.manage out`,
  })
}

function withoutNulls<Value extends string>(
  actions: Readonly<Record<string, Value | null | undefined>>,
): Readonly<Record<string, Value>> {
  const named = Object.entries(actions).filter((entry): entry is [string, Value] => typeof entry[1] === 'string')
  return Object.fromEntries(named)
}

function ruleSetJson({ document: { value } }: StoredDocument<'namespace'>): unknown {
  const { defaultAction, defaultActions, publicNetworkAccess, trustedServiceAccessEnabled, rules } = value.network
  return {
    id: `${namespaceId(value, value.name)}/networkRuleSets/default`,
    name: 'default',
    type: 'Microsoft.Relay/Namespaces/NetworkRuleSets',
    location: value.location,
    properties: {
      defaultAction,
      defaultActions,
      publicNetworkAccess,
      trustedServiceAccessEnabled,
      ipRules: rules.map(({ ipMask, appliesTo }) => ({ ipMask, action: 'Allow', ...(appliesTo && { appliesTo }) })),
    },
  }
}
