import { inNamespace, location, locationOfGroup, nameOf, resourceGroup, subscription, tags } from '../flags.ts'
import type { ManagedCommand, ManagedFlag, ManagedGroup } from '../managed-command.ts'
import { authorizationRuleCommands, authorizationRuleGroups } from './authorization-rules.ts'
import { listInGroup } from './list-in-group.ts'
import { networkRuleCommands } from './network-rules.ts'

const name = nameOf('namespace', 'path.namespaceName')
const columns = {
  Name: 'name',
  ResourceGroup: "split(id, '/')[4]",
  Location: 'location',
  Status: 'properties.status',
  Endpoint: 'properties.serviceBusEndpoint',
}

const publicNetworkAccess: ManagedFlag = {
  long: 'public-network-access',
  value: 'STATE',
  help: 'Disabled: only the private listen address of the relay serves it',
  choices: ['Enabled', 'Disabled'],
  to: 'body.properties.publicNetworkAccess',
}

const words = 'relay namespace'
const scope = { words, what: 'namespace' }

export const namespaceGroups: readonly ManagedGroup[] = [
  { words, summary: 'Namespaces.' },
  ...authorizationRuleGroups(scope),
  { words: `${words} network-rule-set`, summary: 'Which addresses a namespace takes connections from.' },
]

/** `postern relay namespace ...` */
export const namespaceCommands: readonly ManagedCommand[] = [
  {
    words: `${words} create`,
    summary: 'Creates a namespace with the rule RootManageSharedAccessKey.',
    flags: [name, resourceGroup, location, tags, publicNetworkAccess, subscription],
    prepare: locationOfGroup,
    does: 'Namespaces_CreateOrUpdate',
    columns,
    examples: ['-n contoso -g demo', '-n contoso -g demo -l home --tags stage=test'],
  },
  {
    words: `${words} list`,
    summary: 'Lists the namespaces that you may read.',
    flags: [{ ...resourceGroup, isRequired: false, to: 'run' }, subscription],
    does: (run) => listInGroup(run, 'Namespaces_List', 'Namespaces_ListByResourceGroup'),
    columns,
    examples: ['', '-g demo', '--query "[].properties.serviceBusEndpoint" -o tsv'],
  },
  {
    words: `${words} show`,
    summary: 'Shows a namespace.',
    flags: [name, resourceGroup, subscription],
    does: 'Namespaces_Get',
    columns,
    examples: ['-n contoso -g demo'],
  },
  {
    words: `${words} update`,
    summary: 'Changes tags or network access of a namespace.',
    flags: [name, resourceGroup, tags, publicNetworkAccess, subscription],
    does: 'Namespaces_Update',
    columns,
    examples: ['-n contoso -g demo --tags stage=test', '-n contoso -g demo --public-network-access Disabled'],
  },
  {
    words: `${words} delete`,
    summary: 'Deletes a namespace with everything in it.',
    flags: [name, resourceGroup, subscription],
    does: 'Namespaces_Delete',
    confirmation: 'Its hybrid connections and rules are deleted with it.',
    examples: ['-n contoso -g demo'],
  },
  {
    words: `${words} exists`,
    summary: 'Tells whether a namespace can have a name.',
    flags: [nameOf('namespace', 'body.name'), subscription],
    does: 'Namespaces_CheckNameAvailability',
    columns: { NameAvailable: 'nameAvailable', Reason: 'reason', Message: 'message' },
    examples: ['-n contoso'],
  },
  ...authorizationRuleCommands({
    ...scope,
    operations: 'Namespaces',
    flags: inNamespace,
    example: '--namespace-name contoso -g demo',
  }),
  ...networkRuleCommands,
]
