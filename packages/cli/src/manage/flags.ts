import type { FlagValues, ManagedFlag, ManagedRun } from './managed-command.ts'

/** Flags that many commands have, spelt as the Azure CLI spells them. */
export const subscription: ManagedFlag = {
  long: 'subscription',
  value: 'ID',
  help: 'subscription; default: POSTERN_SUBSCRIPTION, the account (`postern account set`), else the only one there is',
  to: 'path.subscriptionId',
  setting: 'subscription',
}

export const resourceGroup: ManagedFlag = {
  long: 'resource-group',
  short: 'g',
  value: 'NAME',
  help: 'resource group; default: POSTERN_GROUP, or the account (`postern account set --group`)',
  isRequired: true,
  to: 'path.resourceGroupName',
  setting: 'group',
}

const namespaceName: ManagedFlag = {
  long: 'namespace-name',
  value: 'NAME',
  help: 'namespace',
  isRequired: true,
  to: 'path.namespaceName',
}

/** Which namespace: of commands about one that is there, or about what is in it. */
export const inNamespace: readonly ManagedFlag[] = [namespaceName, resourceGroup, subscription]

export const hybridConnectionName: ManagedFlag = {
  long: 'hybrid-connection-name',
  value: 'NAME',
  help: 'hybrid connection',
  isRequired: true,
  to: 'path.hybridConnectionName',
}

/** `--name` of what a command is about. */
export function nameOf(what: string, to: ManagedFlag['to']): ManagedFlag {
  return { long: 'name', short: 'n', value: 'NAME', help: `name of the ${what}`, isRequired: true, to }
}

export const location: ManagedFlag = {
  long: 'location',
  short: 'l',
  value: 'NAME',
  help: 'where it is, any text; default: where its resource group is',
  to: 'body.location',
}

/** `--location` of what is made in a resource group, when it was left out. */
export async function locationOfGroup({ client, values, subscriptionId }: ManagedRun): Promise<FlagValues> {
  if (values['location'] !== undefined) return {}
  const params = { subscriptionId, resourceGroupName: String(values['resource-group']) }
  return { location: (await client.call('ResourceGroups_Get', { params })).location }
}

export const tags: ManagedFlag = {
  long: 'tags',
  value: 'NAME=VALUE',
  help: 'tags, in place of those that there are; "" for none',
  kind: 'tags',
  to: 'body.tags',
}
