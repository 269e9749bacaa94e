import { resourceGroupCommands, resourceGroups } from './groups/group.ts'
import { hybridConnectionCommands, hybridConnectionGroups } from './groups/relay-hyco.ts'
import { namespaceCommands, namespaceGroups } from './groups/relay-namespace.ts'
import type { ManagedCommand, ManagedGroup } from './managed-command.ts'

/** Every command that works with the management API, in the order of `--help`. */
export const managedCommands: readonly ManagedCommand[] = [
  ...resourceGroupCommands,
  ...namespaceCommands,
  ...hybridConnectionCommands,
]

/** What the groups above them are. */
export const managedGroups: readonly ManagedGroup[] = [
  ...resourceGroups,
  { words: 'relay', summary: 'Namespaces, hybrid connections, their rules and keys.' },
  ...namespaceGroups,
  ...hybridConnectionGroups,
]
