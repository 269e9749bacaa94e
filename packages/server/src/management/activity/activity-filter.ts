import { RelayError } from '@postern/protocol'
import type { AuditSearch } from '../../storage/audit-store.ts'
import { type FilterTerm, readFilter, refuseTerm } from '../odata-filter.ts'
import { readTime } from './read-time.ts'

type Question = Omit<AuditSearch, 'limit' | 'before'>

const known =
  'eventTimestamp ge and le, and eq of resourceGroupName, resourceUri, resourceId, resourceProvider, correlationId, caller, status'

/**
 * What the `$filter` of the activity log asks for; never more than what was changed in the subscription.
 * @throws {RelayError} RequestContentInvalid
 */
export function readActivityFilter(query: URLSearchParams, subscriptionId: string): Question {
  const subscription = `/subscriptions/${subscriptionId}`
  const everything: Question = { kinds: ['management'], withoutReads: true, scopePrefix: subscription }
  const question = readFilter(query).reduce<Question>(
    (before, term) => ({ ...before, ...readTerm(term, subscription) }),
    everything,
  )
  if (question.from) return question
  throw invalid("The $filter must say from when on: eventTimestamp ge 'TIME'")
}

function readTerm(term: FilterTerm, subscription: string): Question {
  if (term.kind !== 'comparison') return refuseTerm(term, known)
  const { name, operator, value } = term
  if (name === 'eventtimestamp') return readLimit(operator, readTime('eventTimestamp', value))
  const reader = Object.hasOwn(readers, name) ? readers[name] : undefined
  if (operator !== 'eq' || reader === undefined) return refuseTerm(term, known)
  return reader(value, subscription)
}

function readLimit(operator: string, time: Date): Question {
  const next = new Date(time.getTime() + 1)
  if (operator === 'ge') return { from: time }
  if (operator === 'gt') return { from: next }
  if (operator === 'le') return { to: next }
  if (operator === 'lt') return { to: time }
  throw invalid('The $filter compares eventTimestamp by ge, gt, le and lt')
}

const readers: Readonly<Record<string, (value: string, subscription: string) => Question>> = {
  resourcegroupname: (value, subscription) => ({ scopePrefix: `${subscription}/resourceGroups/${nameIn(value)}` }),
  resourceuri: withinSubscription,
  resourceid: withinSubscription,
  resourceprovider: (provider) => ({ provider }),
  correlationid: (trackingId) => ({ trackingId }),
  caller: (caller) => ({ caller }),
  status: readStatus,
  // Azure PowerShell's habit: all that there is here is one of them.
  eventchannels: () => ({}),
}

/** With a slash it would name something else. */
function nameIn(value: string): string {
  if (value !== '' && !value.includes('/')) return value
  throw invalid('resourceGroupName must be the name of a resource group')
}

/** What is outside of the subscription is somebody else's. */
function withinSubscription(id: string, subscription: string): Question {
  if (`${id}/`.toLowerCase().startsWith(`${subscription}/`.toLowerCase())) return { scopePrefix: id }
  throw invalid('resourceUri must be the id of something in the subscription')
}

function readStatus(status: string): Question {
  const plain = status.toLowerCase()
  if (plain === 'succeeded') return { result: plain }
  if (plain === 'failed') return { withoutSuccess: true }
  throw invalid('status must be Succeeded or Failed')
}

function invalid(message: string): RelayError {
  return new RelayError('RequestContentInvalid', { message })
}
