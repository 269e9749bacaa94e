import { connect, type Socket } from 'node:net'
import { RelayError } from '@postern/protocol'
import type { RemoteTarget } from './forward-specification.ts'

/** Shorter than the 30 s for which the relay keeps a sender waiting, so that it hears the reason. */
const connectTimeoutMs = 10_000

/** A TCP connection that is being made. */
export interface TargetDial {
  /** Half-open, without Nagle's delay. Errors are handled; what they were is told by `connected`. */
  readonly socket: Socket
  /** Rejects with a RelayError TargetUnreachable that names the target and the reason. */
  readonly connected: Promise<void>
}

/** Begins to open a TCP connection to a target. */
export function dialTarget({ host, port }: RemoteTarget): TargetDial {
  const socket = connect({ host, port, allowHalfOpen: true, noDelay: true })
  const connected = new Promise<void>((resolve, reject) => {
    let reason = 'cut'
    const timer = setTimeout(() => {
      reason = `no answer within ${connectTimeoutMs / 1000} s`
      socket.destroy()
    }, connectTimeoutMs)
    socket.on('error', (error: NodeJS.ErrnoException) => {
      reason = error.code ?? error.message
    })
    socket.once('connect', () => {
      clearTimeout(timer)
      resolve()
    })
    socket.once('close', () => {
      clearTimeout(timer)
      const name = `${host.includes(':') ? `[${host}]` : host}:${port}`
      reject(new RelayError('TargetUnreachable', { message: `The target ${name} cannot be reached: ${reason}` }))
    })
  })
  // Whoever dials may give up before it looks.
  connected.catch(() => {})
  return { socket, connected }
}
