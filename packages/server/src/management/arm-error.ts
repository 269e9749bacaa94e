import { errorTable, isRelayError, RelayError } from '@postern/protocol'
import type { ArmReply } from './arm-call.ts'

/**
 * The answer to a call that failed: ARM's form, and for Microsoft.Web the older one beside it, which its clients also
 * read (observed). Nothing of an unexpected error but the request id reaches the caller.
 */
export function armErrorReply(
  error: unknown,
  options: { readonly isWeb: boolean; readonly requestId: string },
): ArmReply {
  const known = isRelayError(error) ? error : new RelayError('InternalError')
  const { armCode } = errorTable[known.code]
  const message = `${known.message.replace(/\.$/, '')}. RequestId:${options.requestId}`
  const body = { error: { code: armCode, message } }
  return {
    status: known.httpStatus,
    body: options.isWeb ? { ...body, ...webError(armCode, message) } : body,
    ...retryAfter(known.httpStatus),
  }
}

/** Whoever was too busy is soon ready; whoever was tried too often takes his time. */
function retryAfter(status: number): Pick<ArmReply, 'headers'> {
  if (status !== 503 && status !== 429) return {}
  return { headers: { 'Retry-After': status === 503 ? '1' : '60' } }
}

function webError(code: string, message: string): Record<string, unknown> {
  return {
    Code: code,
    Message: message,
    Target: null,
    Details: [{ Message: message }, { Code: code }, { ErrorEntity: { Code: code, Message: message } }],
    Innererror: null,
  }
}
