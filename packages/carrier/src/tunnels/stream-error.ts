import { type ErrorCode, RelayError } from '@postern/protocol'
import type { ResetCode, StreamReset } from '../reset-code.ts'

const codeOf: Readonly<Partial<Record<ResetCode, ErrorCode>>> = {
  refused: 'EndpointNotAllowed',
  unreachable: 'TargetUnreachable',
  overloaded: 'ServerBusy',
}

/** Says how a stream was cut, as the error that a relayed connection would have ended with. */
export function streamError({ code, reason }: StreamReset, trackingId: string): RelayError {
  return new RelayError(codeOf[code] ?? 'ConnectionFailed', { message: reason, trackingId })
}

/** Says to the peer why there is no stream. */
export function resetOf(error: unknown): { readonly code: ResetCode; readonly reason: string } {
  const reason = error instanceof Error ? error.message : String(error)
  if (!(error instanceof RelayError)) return { code: 'unreachable', reason }
  if (error.code === 'EndpointNotAllowed') return { code: 'refused', reason }
  return { code: error.code === 'ServerBusy' ? 'overloaded' : 'unreachable', reason }
}
