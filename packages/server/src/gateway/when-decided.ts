import type { Duplex } from 'node:stream'
import type { Decision } from '../auth/decision.ts'
import type { RelayParts } from './relay-parts.ts'

/**
 * Goes on with a decision: at once when it is there, later when a bearer token had to be verified, and not at all when the
 * caller went away meanwhile.
 */
export function whenDecided(
  parts: Pick<RelayParts, 'log'>,
  socket: Duplex,
  pending: { readonly decision: Decision | Promise<Decision>; readonly goOn: (decision: Decision) => void },
): void {
  const { decision, goOn } = pending
  if (!(decision instanceof Promise)) {
    goOn(decision)
    return
  }
  decision
    .then((decided) => {
      if (!socket.destroyed) goOn(decided)
    })
    .catch((error: unknown) => {
      parts.log.error('front-door.handler-failed', { error })
      socket.destroy()
    })
}
