import { resourceGroup, subscription } from '../flags.ts'
import type { ManagedCommand, ManagedFlag, ManagedGroup } from '../managed-command.ts'
import { listPlanHybridConnections } from './plan-hybrid-connections.ts'
import { setSendKey } from './set-send-key.ts'

const where: readonly ManagedFlag[] = [
  { long: 'plan', value: 'NAME', help: 'plan', isRequired: true, to: 'run' },
  { ...resourceGroup, to: 'run' },
  { ...subscription, to: 'run' },
]
const words = 'appservice hybrid-connection'

export const planHybridConnectionGroups: readonly ManagedGroup[] = [
  { words: 'appservice', summary: 'Plans, and the hybrid connections of all their apps.' },
  { words, summary: 'Hybrid connections of all apps of a plan.' },
]

/** `postern appservice hybrid-connection ...` */
export const planHybridConnectionCommands: readonly ManagedCommand[] = [
  {
    words: `${words} list`,
    summary: 'Lists the hybrid connections of a plan: how many of how many, and by which apps.',
    flags: where,
    does: listPlanHybridConnections,
    rows: 'hybridConnections',
    columns: {
      Name: 'name',
      Namespace: 'namespace',
      Endpoint: 'endpoint',
      Status: 'status',
      Target: 'target',
      Apps: "join(', ', apps[].name)",
    },
    note: "join('', ['Used: ', to_string(used), ' of ', to_string(maximum)])",
    examples: ['--plan plan1 -g demo', '--plan plan1 -g demo --query "[used, maximum]" -o tsv'],
  },
  {
    words: `${words} set-key`,
    summary: 'Chooses the key that all apps of a plan send with.',
    flags: [
      ...where,
      { long: 'hybrid-connection', value: 'NAME', help: 'hybrid connection', isRequired: true, to: 'run' },
      { long: 'namespace', value: 'NAME', help: 'its namespace, or the id of one', isRequired: true, to: 'run' },
      {
        long: 'key-type',
        value: 'KEY',
        help: 'which key of the rule that each app sends with',
        choices: ['primary', 'secondary'],
        isRequired: true,
        to: 'run',
      },
    ],
    does: setSendKey,
    columns: { App: 'name', Rule: 'sendKeyName', Key: 'keyType' },
    examples: ['--plan plan1 -g demo --hybrid-connection db --namespace contoso --key-type secondary'],
  },
]
