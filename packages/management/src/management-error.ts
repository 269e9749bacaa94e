/** What a {@link ManagementError} may carry besides its code. */
export interface ManagementErrorOptions {
  readonly message: string
  readonly status?: number
  readonly requestId?: string
  readonly cause?: unknown
}

/**
 * A call that failed. `code` is what the relay said (`ResourceNotFound`, `AuthorizationFailed`), or of this package:
 * `ConnectionFailed`, `DeadlineExceeded`, `ReplyInvalid`, `ReplyTooLarge`, `ForeignAddress`, `InsecureEndpoint`,
 * `ParameterMissing`, `OperationFailed`, `SignInFailed`. Switch on it; the text may change.
 */
export class ManagementError extends Error {
  override readonly name = 'ManagementError'
  readonly code: string
  /** HTTP status; 0 when there was no answer. */
  readonly status: number
  /** The same call made again later may succeed. */
  readonly isTransient: boolean
  /** The id under which the relay logged the call. */
  declare readonly requestId?: string

  constructor(code: string, options: ManagementErrorOptions) {
    super(options.message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status ?? 0
    this.isTransient =
      [429, 502, 503, 504].includes(this.status) || ['ConnectionFailed', 'DeadlineExceeded'].includes(code)
    if (options.requestId !== undefined) this.requestId = options.requestId
  }
}

/** Tells whether something thrown is a {@link ManagementError}, of another copy of this package too. */
export function isManagementError(thrown: unknown, code?: string): thrown is ManagementError {
  const isOurs = thrown instanceof Error && thrown.name === 'ManagementError' && 'code' in thrown && 'status' in thrown
  return isOurs && (code === undefined || thrown.code === code)
}
