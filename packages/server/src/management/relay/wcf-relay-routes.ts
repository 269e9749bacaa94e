import { z } from 'zod'
import type { Route } from '../route.ts'
import { listOf, resourceReply, rightsSchema } from './relay-schemas.ts'

const namespace =
  '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Relay/namespaces/{namespaceName}'
const relays = `${namespace}/wcfRelays`
const rules = `${relays}/{relayName}/authorizationRules`
const rule = `${rules}/{authorizationRuleName}`
const actions = 'Microsoft.Relay/namespaces/wcfRelays'
const ruleActions = `${actions}/authorizationRules`

const relayReply = z.object(resourceReply)
const ruleReply = z.object({ ...resourceReply, properties: z.object({ rights: rightsSchema }) })
const anyBody = z.unknown().meta({ description: 'Not looked at.' })
const refused = { versions: 'relay', statuses: [] } as const

/** WCF relays: there are none, and none can be made. Reads answer so, that clients which list everything go on. */
export const wcfRelayRoutes = [
  {
    id: 'WcfRelays_ListByNamespace',
    method: 'GET',
    path: relays,
    versions: 'relay',
    access: { action: `${actions}/read` },
    summary: 'Lists the WCF relays of a namespace: always none.',
    reply: listOf(relayReply),
    statuses: [200],
    isPaged: true,
  },
  {
    ...refused,
    id: 'WcfRelays_Get',
    method: 'GET',
    path: `${relays}/{relayName}`,
    access: { action: `${actions}/read` },
    summary: 'Always 404: there are no WCF relays.',
  },
  {
    ...refused,
    id: 'WcfRelays_CreateOrUpdate',
    method: 'PUT',
    path: `${relays}/{relayName}`,
    access: { action: `${actions}/write` },
    summary: 'Refused: WCF relays are not supported.',
    body: anyBody,
    bodyIsOptional: true,
  },
  {
    id: 'WcfRelays_Delete',
    method: 'DELETE',
    path: `${relays}/{relayName}`,
    versions: 'relay',
    access: { action: `${actions}/delete` },
    summary: 'Always 204: there are no WCF relays.',
    statuses: [204],
  },
  {
    id: 'WcfRelays_ListAuthorizationRules',
    method: 'GET',
    path: rules,
    versions: 'relay',
    access: { action: `${ruleActions}/read` },
    summary: 'Lists the authorization rules of a WCF relay: always none.',
    reply: listOf(ruleReply),
    statuses: [200],
    isPaged: true,
  },
  {
    ...refused,
    id: 'WcfRelays_GetAuthorizationRule',
    method: 'GET',
    path: rule,
    access: { action: `${ruleActions}/read` },
    summary: 'Always 404: there are no WCF relays.',
  },
  {
    ...refused,
    id: 'WcfRelays_CreateOrUpdateAuthorizationRule',
    method: 'PUT',
    path: rule,
    access: { action: `${ruleActions}/write` },
    summary: 'Refused: WCF relays are not supported.',
    body: anyBody,
    bodyIsOptional: true,
  },
  {
    id: 'WcfRelays_DeleteAuthorizationRule',
    method: 'DELETE',
    path: rule,
    versions: 'relay',
    access: { action: `${ruleActions}/delete` },
    summary: 'Always 204: there are no WCF relays.',
    statuses: [204],
  },
  {
    ...refused,
    id: 'WcfRelays_ListKeys',
    method: 'POST',
    path: `${rule}/listKeys`,
    access: { action: `${ruleActions}/listKeys/action` },
    summary: 'Always 404: there are no WCF relays.',
  },
  {
    ...refused,
    id: 'WcfRelays_RegenerateKeys',
    method: 'POST',
    path: `${rule}/regenerateKeys`,
    access: { action: `${ruleActions}/regenerateKeys/action` },
    summary: 'Always 404: there are no WCF relays.',
    body: anyBody,
    bodyIsOptional: true,
  },
] as const satisfies readonly Route[]
