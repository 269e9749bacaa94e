import type { ErrorCode, RelayError } from '@postern/protocol'

const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TokenExpired',
  'TokenExpiredOnChannel',
  'TokenSignatureInvalid',
  'AuthorizationRevoked',
])

/** True when a token from the provider's cache would be refused again. */
export function needsFreshToken({ code }: RelayError): boolean {
  return refusals.has(code)
}
