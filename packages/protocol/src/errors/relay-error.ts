import type { ErrorEntry } from './error-entry.ts'
import { type ErrorCode, errorTable } from './error-table.ts'

export interface RelayErrorOptions {
  /** What was being done and what was wrong; the table's text when absent. */
  readonly message?: string
  readonly trackingId?: string
  /** Overrides the table's, for example a listener's own rejection status. */
  readonly httpStatus?: number
  readonly cause?: unknown
}

/** An error with a code of the error table. Callers switch on `code`, never on the text. */
export class RelayError extends Error {
  override readonly name: string = 'RelayError'
  readonly code: ErrorCode
  readonly httpStatus: number
  readonly closeCode: number
  /** Whether the same call may succeed later without a change. */
  readonly isTransient: boolean
  readonly trackingId: string | undefined

  constructor(code: ErrorCode, options: RelayErrorOptions = {}) {
    const entry: ErrorEntry = errorTable[code]
    super(options.message ?? entry.message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.httpStatus = options.httpStatus ?? entry.httpStatus
    this.closeCode = entry.closeCode
    this.isTransient = entry.isTransient
    this.trackingId = options.trackingId
  }
}

/** Whether something thrown is a RelayError, of this code if one is given; also across two copies of this package. */
export function isRelayError(value: unknown, code?: ErrorCode): value is RelayError {
  if (!(value instanceof Error) || value.name !== 'RelayError' || !('code' in value)) return false
  return code === undefined || value.code === code
}
