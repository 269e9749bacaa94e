import { ManagementError } from './management-error.ts'

/** One operation of the management API, as the table of operations has it. */
export interface Operation {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'PATCH' | 'POST' | 'DELETE'
  /** Template; `{+scope}` is a whole resource id, or `/`. */
  readonly path: string
  /** The newest api-version; absent for addresses without versions. */
  readonly version?: string
  readonly isPaged?: true
  readonly isLongRunning?: true
  readonly isStream?: true
}

/** What any operation takes; the types of one are in `Operations`. */
export interface OperationInput {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly body?: unknown
}

/**
 * The path and query of one call.
 * @throws {ManagementError} ParameterMissing
 */
export function operationTarget(operation: Operation, input: OperationInput, apiVersion?: string): string {
  const path = operation.path.replace(/\/\{(\+?)(\w+)\}/g, (_, plus: string, name: string) => {
    const value = input.params?.[name]
    if (value === undefined || value === '') {
      throw new ManagementError('ParameterMissing', { message: `The parameter ${name} of the address is missing` })
    }
    // A whole id; `/` alone is everything that the relay has.
    const segments = plus === '' ? [value] : value.split('/').filter((segment) => segment !== '')
    return segments.map((segment) => `/${encodeSegment(segment)}`).join('')
  })
  const query = new URLSearchParams()
  const version = apiVersion ?? operation.version
  if (version !== undefined) query.set('api-version', version)
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) query.set(name, value)
  }
  return query.size === 0 ? path : `${path}?${query.toString()}`
}

/** URL parsers resolve `.` and `..` even when they are escaped: such a name would lead to another address. */
function encodeSegment(text: string): string {
  if (text === '.' || text === '..') {
    throw new ManagementError('ParameterMissing', { message: `"${text}" is no name` })
  }
  return encodeURIComponent(text)
}
