import { formatTargetAway } from '@postern/bridge'
import { errorTable, isRelayError, RelayError } from '@postern/protocol'

/** What a sender hears: what the site resolves names to, and what it allows, is not for the other side. */
export function rejectionOf(
  error: unknown,
  listenerId: string,
): { readonly status: number; readonly description: string } {
  if (isRelayError(error, 'EndpointNotAllowed'))
    return { status: 403, description: errorTable.EndpointNotAllowed.message }
  const reason = error instanceof Error ? error.message : String(error)
  return { status: errorTable.TargetUnreachable.httpStatus, description: formatTargetAway(reason, listenerId) }
}

/** As {@link rejectionOf}, for the sender of a stream; the whole reason is the cause. */
export async function toldGenerally<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    if (isRelayError(cause, 'EndpointNotAllowed')) throw new RelayError('EndpointNotAllowed', { cause })
    throw cause
  }
}
