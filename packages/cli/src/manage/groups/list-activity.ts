import { parseDuration } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { FlagValues, ManagedRun } from '../managed-command.ts'

const defaultOffset = '6h'
const defaultMaxEvents = 50

/** Flags of which Azure's log takes one, with the names that its filter has for them. */
const places: Readonly<Record<string, string>> = {
  'resource-group': 'resourceGroupName',
  'resource-id': 'resourceUri',
  'resource-provider': 'resourceProvider',
  'correlation-id': 'correlationId',
}

/** What was changed in a stretch of time, newest first. @throws {RelayError} InvalidConfiguration */
export async function listActivity({ client, values, subscriptionId }: ManagedRun): Promise<unknown> {
  const maxEvents = Number(values['max-events'] ?? defaultMaxEvents)
  if (maxEvents < 1) throw invalid('--max-events must be 1 or more')
  const query = { $filter: activityFilter(values, new Date()), $top: `${Math.min(maxEvents, 1000)}` }
  const events: unknown[] = []
  for await (const event of client.items('ActivityLogs_List', { params: { subscriptionId }, query })) {
    events.push(event)
    if (events.length >= maxEvents) break
  }
  return events
}

/** The `$filter` that the flags make together. @throws {RelayError} InvalidConfiguration */
export function activityFilter(values: FlagValues, now: Date): string {
  const named = Object.keys(places).filter((flag) => values[flag] !== undefined)
  if (named.length > 1) throw invalid(`--${named.join(' and --')} cannot be given together`)
  const { from, to } = stretch(values, now)
  const terms = [`eventTimestamp ge '${from.toISOString()}'`, `eventTimestamp le '${to.toISOString()}'`]
  for (const [flag, name] of Object.entries({ ...places, caller: 'caller', status: 'status' })) {
    const value = textOf(values, flag)
    if (value !== undefined) terms.push(`${name} eq '${value.replaceAll("'", "''")}'`)
  }
  return terms.join(' and ')
}

/** Of start, end and offset two say the third, as for `az`. */
function stretch(values: FlagValues, now: Date): { readonly from: Date; readonly to: Date } {
  const start = time('start-time', values)
  const end = time('end-time', values)
  const offset = textOf(values, 'offset')
  const offsetMs = parseDuration(offset ?? defaultOffset)
  if (offsetMs === undefined) throw invalid(`--offset: "${offset}" is no duration such as 30m or 1d12h`)
  if (start && end && offset !== undefined) {
    throw invalid('--offset says nothing when both --start-time and --end-time are given')
  }
  if (start) {
    const to = end ?? (offset === undefined ? now : new Date(start.getTime() + offsetMs))
    if (to >= start) return { from: start, to }
    throw invalid('the end is before the start')
  }
  const to = end ?? now
  return { from: new Date(to.getTime() - offsetMs), to }
}

function time(flag: string, values: FlagValues): Date | undefined {
  const text = textOf(values, flag)
  if (text === undefined) return undefined
  const date = new Date(text)
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(date.getTime())) return date
  throw invalid(`--${flag}: "${text}" is no time such as 2026-11-01 or 2026-11-01T08:00:00Z`)
}

function textOf(values: FlagValues, flag: string): string | undefined {
  const value = values[flag]
  return typeof value === 'string' ? value : undefined
}

function invalid(message: string): RelayError {
  return new RelayError('InvalidConfiguration', { message })
}
