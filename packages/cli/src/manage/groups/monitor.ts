import { resourceGroup, subscription } from '../flags.ts'
import type { ManagedCommand, ManagedGroup } from '../managed-command.ts'
import { listActivity } from './list-activity.ts'

export const monitorGroups: readonly ManagedGroup[] = [
  { words: 'monitor', summary: 'What was done.' },
  { words: 'monitor activity-log', summary: 'Who changed what in a subscription.' },
]

/** `postern monitor activity-log list` */
export const monitorCommands: readonly ManagedCommand[] = [
  {
    words: 'monitor activity-log list',
    summary: 'Lists what was changed or refused, newest first; of the last six hours unless told otherwise.',
    flags: [
      { long: 'start-time', value: 'TIME', help: 'from then on: 2026-11-01 or 2026-11-01T08:00:00Z', to: 'run' },
      { long: 'end-time', value: 'TIME', help: 'up to then; default: now', to: 'run' },
      { long: 'offset', value: 'DURATION', help: 'how long before the end: 30m, 1d12h; default: 6h', to: 'run' },
      // Not the group of the account: whoever names none wants the whole subscription.
      { ...resourceGroupHere(), to: 'run' },
      { long: 'resource-id', value: 'ID', help: 'what was done to this, and to all that belongs to it', to: 'run' },
      { long: 'resource-provider', value: 'NAME', help: 'such as Microsoft.Relay', to: 'run' },
      { long: 'correlation-id', value: 'ID', help: 'tracking id, or the id that the client gave its work', to: 'run' },
      { long: 'caller', value: 'NAME', help: 'name or object id of whoever did it', to: 'run' },
      { long: 'status', value: 'STATUS', help: 'how it ended', choices: ['Succeeded', 'Failed'], to: 'run' },
      { long: 'max-events', value: 'COUNT', help: 'at most so many; default: 50', kind: 'integer', to: 'run' },
      subscription,
    ],
    does: listActivity,
    columns: {
      Time: 'eventTimestamp',
      Caller: 'caller',
      Operation: 'operationName.value',
      Status: 'subStatus.localizedValue',
      Resource: 'resourceId',
      CorrelationId: 'correlationId',
    },
    examples: ['', '--offset 1h -g demo', '--start-time 2026-11-01 --caller admin --status Failed -o table'],
  },
]

function resourceGroupHere(): Omit<typeof resourceGroup, 'setting'> {
  const { setting: _, ...flag } = resourceGroup
  return { ...flag, isRequired: false, help: 'what was done in this resource group' }
}
