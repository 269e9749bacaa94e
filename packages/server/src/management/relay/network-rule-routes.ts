import { z } from 'zod'
import type { Route } from '../route.ts'
import { listOf, publicNetworkAccessSchema, resourceReply } from './relay-schemas.ts'

const namespace =
  '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}'
const ruleSets = `${namespace}/networkRuleSets`

const action = z.enum(['Allow', 'Deny'])
const activity = z.enum(['listen', 'send', 'manage'])

/** Network rules of one namespace, as in Azure. */
export const maxNetworkRules = 128

const defaultActionsMeta = {
  description:
    'One activity at a time, before `defaultAction`. Management is Allow unless it stands here. Stays when left out. Not in Azure.',
}

const body = z.object({
  properties: z
    .object({
      defaultAction: action
        .nullish()
        .meta({ description: 'For listeners and senders that no rule names; Allow when left out.' }),
      defaultActions: z
        .object({ listen: action.nullish(), send: action.nullish(), manage: action.nullish() })
        .nullish()
        .meta(defaultActionsMeta),
      publicNetworkAccess: publicNetworkAccessSchema.nullish(),
      trustedServiceAccessEnabled: z.boolean().nullish().meta({ description: 'Kept; nothing is trusted for it.' }),
      ipRules: z
        .array(
          z.object({
            ipMask: z.string().max(64).meta({ description: '192.0.2.7, 10.0.0.0/8 or fd00::/8.' }),
            action: z.literal('Allow').nullish(),
            appliesTo: z.array(activity).min(1).max(10).nullish().meta({
              description:
                'What the rule lets in for; null for all. Stays when left out of a rule that is there already. Not in Azure.',
            }),
          }),
        )
        .max(maxNetworkRules)
        .nullish(),
    })
    .nullish(),
})

const ruleSetReply = z.object({
  ...resourceReply,
  location: z.string(),
  properties: z.object({
    defaultAction: action,
    defaultActions: z.object({ listen: action.optional(), send: action.optional(), manage: action.optional() }),
    publicNetworkAccess: publicNetworkAccessSchema,
    trustedServiceAccessEnabled: z.boolean(),
    ipRules: z.array(
      z.object({ ipMask: z.string(), action: z.literal('Allow'), appliesTo: z.array(activity).optional() }),
    ),
  }),
})

const read = 'Microsoft.Relay/namespaces/networkRuleSets/read'

/** Network rules of a namespace: which addresses may reach it. */
export const networkRuleRoutes = [
  {
    id: 'Namespaces_ListNetworkRuleSets',
    method: 'GET',
    path: ruleSets,
    versions: 'relay',
    access: { action: read },
    summary: 'Lists the one set of network rules of a namespace.',
    reply: listOf(ruleSetReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'Namespaces_GetNetworkRuleSet',
    method: 'GET',
    path: `${ruleSets}/default`,
    versions: 'relay',
    access: { action: read },
    summary: 'Gets the network rules of a namespace.',
    reply: ruleSetReply,
    statuses: [200],
  },
  {
    id: 'Namespaces_CreateOrUpdateNetworkRuleSet',
    method: 'PUT',
    path: `${ruleSets}/default`,
    versions: 'relay',
    access: { action: 'Microsoft.Relay/namespaces/networkRuleSets/write' },
    summary: 'Replaces the network rules of a namespace; refused when they would shut the caller out of management.',
    body,
    reply: ruleSetReply,
    statuses: [200],
  },
] as const satisfies readonly Route[]
