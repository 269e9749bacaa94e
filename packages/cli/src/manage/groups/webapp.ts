import { nameOf, resourceGroup, subscription, tags } from '../flags.ts'
import type { FlagValues, ManagedCommand, ManagedGroup, ManagedRun } from '../managed-command.ts'
import { listInGroup } from './list-in-group.ts'

const name = nameOf('app', 'path.name')
const where = [resourceGroup, subscription]
const columns = {
  Name: 'name',
  ResourceGroup: "split(id, '/')[4]",
  Location: 'location',
  Plan: "split(properties.serverFarmId, '/')[8]",
  Identity: 'identity.principalId',
}

export const webAppGroups: readonly ManagedGroup[] = [
  { words: 'webapp', summary: 'Apps and their hybrid connections.' },
  { words: 'webapp identity', summary: 'The identity with which an app signs in.' },
  { words: 'webapp identity credential', summary: 'Secrets with which the connectors of an app sign in.' },
]

/** `postern webapp ...` */
export const webAppCommands: readonly ManagedCommand[] = [
  {
    words: 'webapp create',
    summary: 'Creates an app in a plan.',
    flags: [
      name,
      ...where,
      {
        long: 'plan',
        short: 'p',
        value: 'PLAN',
        help: 'name of a plan in the same resource group, or the id of one',
        isRequired: true,
        to: 'run',
      },
      tags,
    ],
    does: createApp,
    columns,
    examples: ['-n shop -g demo -p plan1'],
  },
  {
    words: 'webapp list',
    summary: 'Lists the apps that you may read.',
    flags: [{ ...resourceGroup, isRequired: false, to: 'run' }, subscription],
    does: (run) => listInGroup(run, 'WebApps_List', 'WebApps_ListByResourceGroup'),
    columns,
    examples: ['', '-g demo'],
  },
  {
    words: 'webapp show',
    summary: 'Shows an app.',
    flags: [name, ...where],
    does: 'WebApps_Get',
    columns,
    examples: ['-n shop -g demo'],
  },
  {
    words: 'webapp delete',
    summary: 'Deletes an app; its hybrid connections stay for others.',
    flags: [name, ...where],
    does: 'WebApps_Delete',
    confirmation: 'The app is deleted.',
    examples: ['-n shop -g demo'],
  },
  {
    words: 'webapp identity assign',
    summary: 'Gives an app an identity of its own; a connector signs in with it.',
    flags: [name, ...where],
    does: 'WebApps_Update',
    body: { identity: { type: 'SystemAssigned' } },
    columns: { PrincipalId: 'identity.principalId', TenantId: 'identity.tenantId', Type: 'identity.type' },
    examples: ['-n shop -g demo'],
  },
  {
    words: 'webapp identity credential create',
    summary: 'Makes a secret for a connector of the app, which is shown this once.',
    flags: [
      name,
      ...where,
      { long: 'display-name', value: 'NAME', help: 'which connector it is for', to: 'body.displayName' },
    ],
    does: 'WebApps_CreateConnectorCredential',
    columns: {
      ClientId: 'clientId',
      ClientSecret: 'clientSecret',
      CredentialId: 'credentialId',
      TenantId: 'tenantId',
      TokenEndpoint: 'tokenEndpoint',
    },
    examples: ['-n shop -g demo --display-name web-1'],
  },
  {
    words: 'webapp identity credential list',
    summary: 'Lists the secrets of an app, without what they are.',
    flags: [name, ...where],
    does: 'WebApps_ListConnectorCredentials',
    columns: {
      DisplayName: 'displayName',
      CredentialId: 'credentialId',
      CreatedOn: 'createdOn',
      ExpiresOn: 'expiresOn',
    },
    examples: ['-n shop -g demo'],
  },
  {
    words: 'webapp identity credential delete',
    summary: 'Deletes a secret of an app.',
    flags: [
      name,
      ...where,
      {
        long: 'credential-id',
        value: 'ID',
        help: 'as `credential list` names it',
        isRequired: true,
        to: 'path.credentialId',
      },
    ],
    does: 'WebApps_DeleteConnectorCredential',
    confirmation: 'The connector that has it can no longer sign in.',
    examples: ['-n shop -g demo --credential-id 0f6ef4d9-9a3b-4a6c-8f5c-3f1f3f0c2b11'],
  },
]

/** An app is where its plan is. */
async function createApp({ client, values, subscriptionId }: ManagedRun): Promise<unknown> {
  const place = { subscriptionId, resourceGroupName: String(values['resource-group']) }
  const { id: serverFarmId, location } = await client.call('AppServicePlans_Get', {
    params: planParams(String(values['plan']), place),
  })
  const { tags: typedTags } = values as FlagValues & { readonly tags?: Readonly<Record<string, string>> }
  return client.callAndWait('WebApps_CreateOrUpdate', {
    params: { ...place, name: String(values['name']) },
    body: { location, properties: { serverFarmId }, ...(typedTags && { tags: typedTags }) },
  })
}

function planParams(
  nameOrId: string,
  place: { readonly subscriptionId: string; readonly resourceGroupName: string },
): { readonly subscriptionId: string; readonly resourceGroupName: string; readonly name: string } {
  const match =
    /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Web\/serverfarms\/([^/]+)$/i.exec(
      nameOrId,
    )
  if (!match) return { ...place, name: nameOrId }
  const [, subscriptionId = '', resourceGroupName = '', name = ''] = match
  return { subscriptionId, resourceGroupName, name }
}
