import { planHybridConnectionCommands, planHybridConnectionGroups } from './groups/appservice-hybrid-connection.ts'
import { planCommands, planGroups } from './groups/appservice-plan.ts'
import { resourceGroupCommands, resourceGroups } from './groups/group.ts'
import { hcmCommands, hcmGroups } from './groups/hcm.ts'
import { monitorCommands, monitorGroups } from './groups/monitor.ts'
import { principalCommands, principalGroups } from './groups/principal.ts'
import { hybridConnectionCommands, hybridConnectionGroups } from './groups/relay-hyco.ts'
import { ingressCommands, ingressGroups } from './groups/relay-ingress.ts'
import { namespaceCommands, namespaceGroups } from './groups/relay-namespace.ts'
import { roleCommands, roleGroups } from './groups/role.ts'
import { usageCommands, usageGroups } from './groups/usage.ts'
import { webAppCommands, webAppGroups } from './groups/webapp.ts'
import { appHybridConnectionCommands, appHybridConnectionGroups } from './groups/webapp-hybrid-connection.ts'
import type { ManagedCommand, ManagedGroup } from './managed-command.ts'

/** Every command that works with the management API, in the order of `--help`. */
export const managedCommands: readonly ManagedCommand[] = [
  ...resourceGroupCommands,
  ...namespaceCommands,
  ...hybridConnectionCommands,
  ...ingressCommands,
  ...planCommands,
  ...planHybridConnectionCommands,
  ...webAppCommands,
  ...appHybridConnectionCommands,
  ...roleCommands,
  ...principalCommands,
  ...hcmCommands,
  ...usageCommands,
  ...monitorCommands,
]

/** What the groups above them are. */
export const managedGroups: readonly ManagedGroup[] = [
  ...resourceGroups,
  { words: 'relay', summary: 'Namespaces, hybrid connections, their rules and keys.' },
  ...namespaceGroups,
  ...hybridConnectionGroups,
  ...ingressGroups,
  ...planHybridConnectionGroups,
  ...planGroups,
  ...webAppGroups,
  ...appHybridConnectionGroups,
  ...roleGroups,
  ...principalGroups,
  ...hcmGroups,
  ...usageGroups,
  ...monitorGroups,
]
