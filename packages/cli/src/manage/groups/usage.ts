import { inNamespace } from '../flags.ts'
import type { ManagedCommand, ManagedGroup } from '../managed-command.ts'

export const usageGroups: readonly ManagedGroup[] = [
  { words: 'usage', summary: 'What a namespace used, as it would be billed.' },
]

/** `postern usage show` */
export const usageCommands: readonly ManagedCommand[] = [
  {
    words: 'usage show',
    summary: 'Shows listeners, hours, connections and bytes of a month.',
    flags: [...inNamespace, { long: 'month', value: 'YYYY-MM', help: 'default: this month, UTC', to: 'query.month' }],
    does: 'Usage_Get',
    rows: 'properties.hybridConnections',
    columns: {
      HybridConnection: 'name',
      Listeners: 'listeners',
      ListenerHours: 'listenerHours',
      Connections: 'connections',
      Bytes: 'bytes',
    },
    note: "join('', [properties.month, ': ', to_string(properties.listeners), ' listeners, ', to_string(properties.listenerHours), ' listener hours, ', to_string(properties.connections), ' connections, ', to_string(properties.bytes), ' bytes'])",
    examples: ['--namespace-name contoso -g demo', '--namespace-name contoso -g demo --month 2026-11 -o json'],
  },
]
