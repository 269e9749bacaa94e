import { z } from 'zod'
import type { Route } from '../route.ts'
import { siteAndSlot, sitePath } from './site-and-slot.ts'
import {
  credentialReply,
  gatewayKeysReply,
  keysReply,
  listOf,
  newCredentialReply,
  ownReply,
  relayBody,
  relayReply,
  siteBody,
  sitePatchBody,
  siteReply,
} from './web-schemas.ts'

const relay = '/hybridConnectionNamespaces/{namespaceName}/relays/{relayName}'
const relays = 'hybridConnectionNamespaces/relays'

const siteLists = [
  {
    id: 'WebApps_List',
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/providers/Microsoft.Web/sites',
    versions: 'web',
    access: { anyone: 'signedIn' },
    summary: 'Lists the apps of a subscription that the caller may read.',
    reply: listOf(siteReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'WebApps_ListByResourceGroup',
    method: 'GET',
    path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites',
    versions: 'web',
    access: { action: 'Microsoft.Web/sites/read' },
    summary: 'Lists the apps of a resource group.',
    query: { includeSlots: 'Taken and ignored: slots are listed below their app' },
    reply: listOf(siteReply),
    statuses: [200],
    isPaged: true,
  },
  {
    id: 'WebApps_ListSlots',
    method: 'GET',
    path: `${sitePath}/slots`,
    versions: 'web',
    access: { action: 'Microsoft.Web/sites/slots/read' },
    summary: 'Lists the slots of an app.',
    reply: listOf(siteReply),
    statuses: [200],
    isPaged: true,
  },
] as const satisfies readonly Route[]

const sites = siteAndSlot([
  {
    id: 'WebApps_Get',
    method: 'GET',
    below: '',
    action: 'read',
    summary: 'Gets an app, or one of its slots.',
    reply: siteReply,
    statuses: [200],
  },
  {
    id: 'WebApps_CreateOrUpdate',
    method: 'PUT',
    below: '',
    action: 'write',
    summary: 'Creates an app or a slot, or changes its plan, identity, kind and tags.',
    body: siteBody,
    reply: siteReply,
    statuses: [200],
    isLongRunning: true,
  },
  {
    id: 'WebApps_Update',
    method: 'PATCH',
    below: '',
    action: 'write',
    summary: 'Changes some of an app or slot: plan, identity, kind, tags.',
    body: sitePatchBody,
    reply: siteReply,
    statuses: [200],
  },
  {
    id: 'WebApps_Delete',
    method: 'DELETE',
    below: '',
    action: 'delete',
    summary: 'Deletes an app with its slots, or a slot; its identity goes with it.',
    query: { deleteEmptyServerFarm: "true: the app's plan is deleted with its last app" },
    statuses: [200, 204],
  },
])

const attachments = siteAndSlot([
  {
    id: 'WebApps_ListHybridConnections',
    method: 'GET',
    below: '/hybridConnectionRelays',
    action: 'hybridConnectionRelays/read',
    summary: 'Lists the hybrid connections of an app.',
    reply: z.object({ value: z.array(relayReply), nextLink: z.null(), id: z.null() }),
    statuses: [200],
  },
  {
    id: 'WebApps_GetHybridConnection',
    method: 'GET',
    below: relay,
    action: `${relays}/read`,
    summary: 'Gets a hybrid connection of an app, with its status.',
    reply: relayReply,
    statuses: [200],
  },
  {
    id: 'WebApps_CreateOrUpdateHybridConnection',
    method: 'PUT',
    below: relay,
    action: `${relays}/write`,
    summary:
      'Attaches a hybrid connection to an app. The caller also needs the listKeys action at the relay, or a send key in the body.',
    body: relayBody,
    reply: relayReply,
    statuses: [200],
  },
  {
    id: 'WebApps_UpdateHybridConnection',
    method: 'PATCH',
    below: relay,
    action: `${relays}/write`,
    summary: 'Changes the send key of an attached hybrid connection, or its host and port for everybody.',
    body: relayBody,
    reply: relayReply,
    statuses: [200],
  },
  {
    id: 'WebApps_DeleteHybridConnection',
    method: 'DELETE',
    below: relay,
    action: `${relays}/delete`,
    summary: 'Detaches a hybrid connection from an app.',
    statuses: [200],
  },
  {
    id: 'WebApps_ListHybridConnectionKeys',
    method: 'POST',
    below: `${relay}/listKeys`,
    action: `${relays}/listKeys/action`,
    summary: 'Gets the send key that an app uses. The caller also needs the listKeys action at the relay.',
    reply: keysReply,
    statuses: [200],
  },
  {
    id: 'WebApps_ListGatewayKeys',
    method: 'POST',
    below: `${relay}/listGatewayKeys`,
    action: `${relays}/listGatewayKeys/action`,
    summary:
      'Gets the connection string with which a Hybrid Connection Manager listens. The caller also needs the listKeys action at the relay. Ours.',
    reply: gatewayKeysReply,
    statuses: [200],
  },
])

const credentials = siteAndSlot([
  {
    id: 'WebApps_ListConnectorCredentials',
    method: 'GET',
    below: '/connectorCredentials',
    action: 'connectorCredentials/read',
    versions: 'postern',
    summary: 'Lists the credentials of the connector of an app, without their secrets.',
    reply: listOf(credentialReply),
    statuses: [200],
  },
  {
    id: 'WebApps_CreateConnectorCredential',
    method: 'POST',
    below: '/connectorCredentials',
    action: 'write',
    versions: 'postern',
    summary: 'Makes a secret with which the connector of an app signs in as the app. It is shown this once.',
    body: z.object({ displayName: z.string().min(1).max(256).nullish() }),
    bodyIsOptional: true,
    reply: newCredentialReply,
    statuses: [201],
  },
  {
    id: 'WebApps_DeleteConnectorCredential',
    method: 'DELETE',
    below: '/connectorCredentials/{credentialId}',
    action: 'connectorCredentials/delete',
    versions: 'postern',
    summary: 'Deletes a credential of the connector of an app. Tokens that it got before end by themselves.',
    statuses: [200, 204],
  },
])

/** What the connector of an app asks, by the identity of the app. */
const self = [
  {
    id: 'Apps_GetOwnHybridConnections',
    method: 'GET',
    path: '/providers/Postern.Management/apps/self/hybridConnections',
    versions: 'postern',
    access: { anyone: 'signedIn' },
    summary:
      'Gets the hybrid connections of the app that is calling, with the keys to send through them; as server-sent events, again after each change.',
    query: {
      wait: '`30s`: answer only when the revision is another one than `after`, or with 304 when the time is over',
      after: 'Revision that the caller has, as Last-Event-ID says it for events',
    },
    reply: ownReply,
    statuses: [200, 304],
    isStream: true,
  },
] as const satisfies readonly Route[]

/** BizTalk hybrid connections: what is left of a feature that ended in 2018. */
const classic = siteAndSlot([
  {
    id: 'WebApps_ListRelayServiceConnections',
    method: 'GET',
    below: '/hybridconnection',
    action: 'hybridconnection/read',
    summary: 'Answers an empty list: BizTalk hybrid connections ended in 2018.',
    reply: z.object({ value: z.array(z.never()), nextLink: z.null(), id: z.null() }),
    statuses: [200],
  },
  {
    id: 'WebApps_GetRelayServiceConnection',
    method: 'GET',
    below: '/hybridconnection/{entityName}',
    action: 'hybridconnection/read',
    summary: 'Answers 404: there are no BizTalk hybrid connections.',
    statuses: [],
  },
  {
    id: 'WebApps_CreateOrUpdateRelayServiceConnection',
    method: 'PUT',
    below: '/hybridconnection/{entityName}',
    action: 'hybridconnection/write',
    summary: 'Answers 400: BizTalk hybrid connections cannot be made any more.',
    statuses: [],
  },
  {
    id: 'WebApps_UpdateRelayServiceConnection',
    method: 'PATCH',
    below: '/hybridconnection/{entityName}',
    action: 'hybridconnection/write',
    summary: 'Answers 404: there are no BizTalk hybrid connections.',
    statuses: [],
  },
  {
    id: 'WebApps_DeleteRelayServiceConnection',
    method: 'DELETE',
    below: '/hybridconnection/{entityName}',
    action: 'hybridconnection/delete',
    summary: 'Answers 404: there are no BizTalk hybrid connections.',
    statuses: [],
  },
])

/** Apps with their slots, and the hybrid connections that they use. */
export const siteRoutes = [...siteLists, ...sites, ...attachments, ...credentials, ...self, ...classic]
