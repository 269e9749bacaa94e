import type { Socket } from 'node:net'
import { RelayError } from '@postern/protocol'

/**
 * Resolves when a socket that dials has come to its target. Its errors are handled from then on; it is destroyed when the
 * target does not answer in time.
 *
 * @throws {RelayError} TargetUnreachable that names the target and the reason.
 */
export function connected(
  socket: Socket,
  { target, timeoutMs }: { readonly target: string; readonly timeoutMs: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    let reason = 'cut'
    const timer = setTimeout(() => {
      reason = `no answer within ${timeoutMs / 1000} s`
      socket.destroy()
    }, timeoutMs)
    socket.on('error', (error: NodeJS.ErrnoException) => {
      reason = error.code ?? error.message
    })
    const onClosed = (): void => {
      clearTimeout(timer)
      reject(targetUnreachable(target, reason))
    }
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('close', onClosed)
      resolve()
    })
    socket.once('close', onClosed)
  })
}

/** The error of a target that does not answer. */
export function targetUnreachable(target: string, reason: string): RelayError {
  const message = `The target ${target} cannot be reached: ${reason}`
  const help = helpByReason[reason]
  return new RelayError('TargetUnreachable', { message, ...(help !== undefined && { help }) })
}

const nameHelp = 'The machine of the listener knows no such host name: check the name, and the DNS there.'
const wayHelp = 'The machine of the listener finds no way there: check its network, its routes, and firewalls between.'

/** Where the reason says more than that the target is not there. */
const helpByReason: Readonly<Record<string, string>> = {
  ENOTFOUND: nameHelp,
  EAI_AGAIN: nameHelp,
  ENETUNREACH: wayHelp,
  EHOSTUNREACH: wayHelp,
  ECONNREFUSED:
    'Nothing listens at that address and port: start the service, or check where it listens (ss -tln there).',
}
