import { RelayError } from '@postern/protocol'
import type { AuditSearch } from '../../storage/audit-store.ts'
import { parameter } from '../page.ts'
import { readTime } from './read-time.ts'

const kinds = ['management', 'decision', 'stream', 'signIn', 'audit'] as const
const results = ['allowed', 'refused', 'succeeded', 'failed'] as const

/** Longer than any name and any ARM id. */
const maxTextLength = 2048

/** What the query of the audit log asks for. @throws {RelayError} RequestContentInvalid */
export function readAuditFilter(query: URLSearchParams): Omit<AuditSearch, 'limit' | 'before'> {
  const from = text(query, 'from')
  const to = text(query, 'to')
  const kind = text(query, 'kind')
  const caller = text(query, 'principal')
  const scopePrefix = text(query, 'scope')
  const trackingId = text(query, 'trackingId')
  const result = text(query, 'result')
  return {
    ...(from !== undefined && { from: readTime('from', from) }),
    ...(to !== undefined && { to: readTime('to', to) }),
    ...(kind !== undefined && { kinds: kind.split(',').map((each) => oneOf('kind', kinds, each)) }),
    ...(caller !== undefined && { caller }),
    ...(scopePrefix !== undefined && { scopePrefix }),
    ...(trackingId !== undefined && { trackingId }),
    ...(result !== undefined && { result: oneOf('result', results, result) }),
  }
}

/** A parameter with nothing in it demands nothing. */
function text(query: URLSearchParams, name: string): string | undefined {
  const value = parameter(query, name.toLowerCase())
  if (value === undefined || value === '') return undefined
  if (value.length <= maxTextLength) return value
  throw invalid(`${name} is longer than ${maxTextLength} characters`)
}

function oneOf<Word extends string>(name: string, words: readonly Word[], value: string): Word {
  const wanted = value.trim().toLowerCase()
  const found = words.find((word) => word.toLowerCase() === wanted)
  if (found !== undefined) return found
  throw invalid(`${name} must be one of ${words.join(', ')}`)
}

function invalid(message: string): RelayError {
  return new RelayError('RequestContentInvalid', { message })
}
