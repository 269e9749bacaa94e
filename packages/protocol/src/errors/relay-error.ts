import type { ErrorEntry } from './error-entry.ts'
import { type ErrorCode, errorTable } from './error-table.ts'

/** What a {@link RelayError} may carry besides its code. */
export interface RelayErrorOptions {
  /** Default: the text of the error table. */
  readonly message?: string
  /** What to do about it. Default: the help of the error table, which knows nothing of the case. */
  readonly help?: string
  readonly trackingId?: string
  /** Where the status is not the table's: a rejection with a status of the listener's choice. */
  readonly httpStatus?: number
  /** What the relay's `Retry-After` asked for, in ms. */
  readonly retryAfterMs?: number
  readonly cause?: unknown
}

/** The only error class of the protocol. Switch on `code`; the text may change. */
export class RelayError extends Error {
  override readonly name = 'RelayError'
  readonly code: ErrorCode
  readonly httpStatus: number
  /** Code for a CLOSE frame. */
  readonly closeCode: number
  /** The same thing tried again later may succeed. */
  readonly isTransient: boolean
  /** What to do about it. */
  declare readonly help?: string
  /** The id under which the relay logged the operation. */
  declare readonly trackingId?: string
  /** When the relay wants to see us again, in ms from its answer. */
  declare readonly retryAfterMs?: number

  constructor(code: ErrorCode, options: RelayErrorOptions = {}) {
    const { message, help, trackingId, httpStatus, retryAfterMs, cause } = options
    const entry: ErrorEntry = errorTable[code]
    super(message ?? entry.message, cause === undefined ? undefined : { cause })
    this.code = code
    this.httpStatus = httpStatus ?? entry.httpStatus
    this.closeCode = entry.closeCode
    this.isTransient = entry.isTransient
    const whatToDo = help ?? entry.help
    if (whatToDo !== undefined) this.help = whatToDo
    if (trackingId !== undefined) this.trackingId = trackingId
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs
  }
}

/**
 * Tells whether something thrown is a {@link RelayError}, and of this code if one is given. It looks at name and code, so
 * that it also knows the errors of another copy of this package in the same program.
 */
export function isRelayError(thrown: unknown, code?: ErrorCode): thrown is RelayError {
  if (!(thrown instanceof Error) || !('code' in thrown) || typeof thrown.code !== 'string') return false
  const isOurs =
    thrown instanceof RelayError || (thrown.name === 'RelayError' && Object.hasOwn(errorTable, thrown.code))
  return isOurs && (code === undefined || thrown.code === code)
}
