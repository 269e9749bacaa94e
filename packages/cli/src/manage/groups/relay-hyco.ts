import { actions } from '@postern/protocol'
import { hybridConnectionName, inNamespace, nameOf } from '../flags.ts'
import type { ManagedCommand, ManagedFlag, ManagedGroup } from '../managed-command.ts'
import { authorizationRuleCommands, authorizationRuleGroups } from './authorization-rules.ts'

const name = nameOf('hybrid connection', 'path.hybridConnectionName')
const columns = {
  Name: 'name',
  Namespace: "split(id, '/')[8]",
  Listeners: 'properties.listenerCount',
  ClientAuthorization: 'properties.requiresClientAuthorization',
  UserMetadata: 'properties.userMetadata',
}

const requiresClientAuthorization: ManagedFlag = {
  long: 'requires-client-authorization',
  value: 'true|false',
  help: 'whether senders need a token',
  kind: 'boolean',
  to: 'body.properties.requiresClientAuthorization',
}

const userMetadata: ManagedFlag = {
  long: 'user-metadata',
  value: 'TEXT',
  help: 'any text, 1024 characters at most',
  to: 'body.properties.userMetadata',
}

const allowedActions: ManagedFlag = {
  long: 'actions',
  value: 'ACTION',
  help: `what senders and subscribers may do: ${actions.join(', ')}; not said, connect and request`,
  kind: 'list',
  choices: actions,
  to: 'body.properties.actions',
}

const endpointHelp = 'the host:port that it stands for: what an HCM connects to and an app calls'

const words = 'relay hyco'
const scope = { words, what: 'hybrid connection' }

export const hybridConnectionGroups: readonly ManagedGroup[] = [
  { words, summary: 'Hybrid connections.' },
  ...authorizationRuleGroups(scope),
]

/** `postern relay hyco ...` */
export const hybridConnectionCommands: readonly ManagedCommand[] = [
  {
    words: `${words} create`,
    summary: 'Creates a hybrid connection, or replaces its properties.',
    flags: [
      name,
      ...inNamespace,
      requiresClientAuthorization,
      allowedActions,
      userMetadata,
      {
        long: 'endpoint',
        value: 'HOST:PORT',
        help: endpointHelp,
        kind: 'endpointMetadata',
        to: 'body.properties.userMetadata',
      },
    ],
    does: 'HybridConnections_CreateOrUpdate',
    body: { properties: {} },
    columns,
    examples: [
      '-n db --namespace-name contoso -g demo',
      '-n db --namespace-name contoso -g demo --endpoint db.internal:5432',
      '-n events --namespace-name contoso -g demo --actions publish subscribe',
    ],
  },
  {
    words: `${words} list`,
    summary: 'Lists the hybrid connections of a namespace.',
    flags: inNamespace,
    does: 'HybridConnections_ListByNamespace',
    columns,
    examples: ['--namespace-name contoso -g demo', '--namespace-name contoso -g demo --query "[].name" -o tsv'],
  },
  {
    words: `${words} show`,
    summary: 'Shows a hybrid connection.',
    flags: [name, ...inNamespace],
    does: 'HybridConnections_Get',
    columns,
    examples: ['-n db --namespace-name contoso -g demo'],
  },
  {
    words: `${words} update`,
    summary: 'Changes some properties of a hybrid connection.',
    flags: [
      name,
      ...inNamespace,
      allowedActions,
      userMetadata,
      { long: 'endpoint', value: 'HOST:PORT', help: endpointHelp, to: 'body.properties.endpoint' },
    ],
    does: 'HybridConnections_Update',
    columns,
    examples: [
      '-n db --namespace-name contoso -g demo --endpoint db2.internal:5432',
      '-n db --namespace-name contoso -g demo --actions connect request send publish subscribe',
    ],
  },
  {
    words: `${words} delete`,
    summary: 'Deletes a hybrid connection; its connections end.',
    flags: [name, ...inNamespace],
    does: 'HybridConnections_Delete',
    confirmation: 'Its connections end, and its rules are deleted with it.',
    examples: ['-n db --namespace-name contoso -g demo'],
  },
  ...authorizationRuleCommands({
    ...scope,
    operations: 'HybridConnections',
    flags: [hybridConnectionName, ...inNamespace],
    example: '--hybrid-connection-name db --namespace-name contoso -g demo',
  }),
]
