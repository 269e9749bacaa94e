import { nameOf, resourceGroup, subscription } from '../flags.ts'
import type { ManagedCommand, ManagedFlag, ManagedGroup } from '../managed-command.ts'
import { addHybridConnection, createAndAddHybridConnection } from './add-hybrid-connection.ts'
import {
  listAppHybridConnections,
  removeAppHybridConnection,
  showAppHybridConnection,
} from './app-hybrid-connections.ts'
import { listAvailable } from './available-hybrid-connections.ts'

const name = nameOf('app', 'run')
const slot: ManagedFlag = { long: 'slot', short: 's', value: 'NAME', help: 'slot of the app', to: 'run' }
const group: ManagedFlag = { ...resourceGroup, to: 'run' }
const app = [name, group, slot, { ...subscription, to: 'run' } satisfies ManagedFlag]
const hybridConnection: ManagedFlag = {
  long: 'hybrid-connection',
  value: 'NAME',
  help: 'hybrid connection',
  isRequired: true,
  to: 'run',
}
const namespace: ManagedFlag = {
  long: 'namespace',
  value: 'NAME',
  help: 'its namespace, anywhere in the subscription, or the id of one',
  isRequired: true,
  to: 'run',
}
const sendKeyName: ManagedFlag = {
  long: 'send-key-name',
  value: 'RULE',
  help: 'rule that the app sends with; default: defaultSender, which is made when there is none',
  to: 'run',
}
const columns = {
  Name: 'properties.relayName',
  Namespace: 'properties.serviceBusNamespace',
  Endpoint: "join('', [properties.hostname, ':', to_string(properties.port)])",
  Status: 'properties.status',
  Target: 'properties.target',
  Hcms: 'properties.hcmCount',
  Warning: 'properties.warning',
}
const words = 'webapp hybrid-connection'

export const appHybridConnectionGroups: readonly ManagedGroup[] = [
  { words, summary: 'Hybrid connections that an app uses.' },
]

/** `postern webapp hybrid-connection ...` */
export const appHybridConnectionCommands: readonly ManagedCommand[] = [
  {
    words: `${words} available`,
    summary: 'Lists the hybrid connections that you can see, and whether you can add them, or why not.',
    flags: [
      { ...name, isRequired: false, help: 'app that they would be added to' },
      { ...group, isRequired: false },
      slot,
      { ...subscription, to: 'run' },
    ],
    does: listAvailable,
    columns: { Name: 'name', Namespace: 'namespace', Endpoint: 'endpoint', CanAdd: 'canAdd', Why: 'why' },
    examples: ['', '-n shop -g demo'],
  },
  {
    words: `${words} create`,
    summary: 'Creates a hybrid connection with the rules that App Service uses, and adds it to an app.',
    flags: [
      ...app,
      hybridConnection,
      namespace,
      {
        long: 'endpoint',
        value: 'HOST:PORT',
        help: 'the host:port that the app calls and an HCM connects to',
        kind: 'endpointMetadata',
        isRequired: true,
        to: 'run',
      },
    ],
    does: createAndAddHybridConnection,
    columns,
    examples: ['-n shop -g demo --hybrid-connection db --namespace contoso --endpoint db.internal:5432'],
  },
  {
    words: `${words} add`,
    summary: 'Adds a hybrid connection to an app.',
    flags: [...app, hybridConnection, namespace, sendKeyName],
    does: addHybridConnection,
    columns,
    examples: ['-n shop -g demo --hybrid-connection db --namespace contoso'],
  },
  {
    words: `${words} list`,
    summary: 'Lists the hybrid connections of an app.',
    flags: app,
    does: listAppHybridConnections,
    columns,
    examples: ['-n shop -g demo', '-n shop -g demo --slot staging'],
  },
  {
    words: `${words} show`,
    summary: 'Shows a hybrid connection of an app: endpoint, status, targets as HCMs see them.',
    flags: [...app, hybridConnection, namespace],
    does: showAppHybridConnection,
    columns,
    examples: ['-n shop -g demo --hybrid-connection db --namespace contoso'],
  },
  {
    words: `${words} remove`,
    summary: 'Takes a hybrid connection away from an app; it stays for others.',
    flags: [...app, hybridConnection, namespace],
    does: removeAppHybridConnection,
    confirmation: 'The app can no longer use it.',
    examples: ['-n shop -g demo --hybrid-connection db --namespace contoso'],
  },
]
