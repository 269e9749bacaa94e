import type { TunnelSocket } from '@postern/carrier'
import { RelayError } from '@postern/protocol'

/**
 * Resolves with a socket that dials when it has come to its target. It is closed when the target does not answer in time.
 *
 * @throws {RelayError} TargetUnreachable that names the target and the reason.
 */
export function connected(
  socket: TunnelSocket,
  { target, timeoutMs }: { readonly target: string; readonly timeoutMs: number },
): Promise<TunnelSocket> {
  return new Promise((resolve, reject) => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      socket.close()
    }, timeoutMs)
    socket.onceConnected(() => {
      clearTimeout(timer)
      resolve(socket)
    })
    socket.onceClosed(() => {
      if (socket.hasConnected) return
      clearTimeout(timer)
      const { error } = socket
      const reason = isLate ? `no answer within ${timeoutMs / 1000} s` : (error?.code ?? error?.message ?? 'cut')
      reject(targetUnreachable(target, reason))
    })
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
