import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connected } from '../connected.ts'
import { addressOf, type SingleTarget } from '../forward.ts'

/** Shorter than the 30 s for which the relay keeps a sender waiting, so that it hears the reason. */
const connectTimeoutMs = 10_000

/** All tries together, for the same reason. */
const allTriesMs = 20_000

const retryAfterMs = 1_000

/** How targets are dialed. */
export interface DialRules {
  /** Address of this machine that connections come from. */
  readonly sourceAddress?: string
  readonly addressFamily?: 4 | 6
  /** Tries, a second apart. */
  readonly attempts: number
}

/**
 * Opens a stream to a target: half-open, without Nagle's delay, its errors handled. `onDialing` sees every socket before
 * it is connected.
 *
 * @throws {RelayError} TargetUnreachable that names the target and the reason.
 */
export async function dialTarget(
  target: SingleTarget,
  rules: DialRules,
  onDialing: (socket: Socket) => void,
): Promise<Socket> {
  const giveUpAtMs = performance.now() + allTriesMs
  for (let attempt = 1; ; attempt += 1) {
    const socket = connect({ ...place(target, rules), allowHalfOpen: true })
    onDialing(socket)
    try {
      await connected(socket, { target: addressOf(target), timeoutMs: connectTimeoutMs })
      return socket
    } catch (error) {
      const isLast = attempt >= rules.attempts || performance.now() + connectTimeoutMs > giveUpAtMs
      if (isLast) throw error
      await delay(retryAfterMs)
    }
  }
}

function place(target: SingleTarget, rules: DialRules): TcpNetConnectOpts | { path: string } {
  if (target.protocol === 'unix') return { path: target.socketPath }
  const { sourceAddress, addressFamily } = rules
  return {
    host: target.host,
    port: target.port,
    noDelay: true,
    ...(sourceAddress !== undefined && { localAddress: sourceAddress }),
    ...(addressFamily !== undefined && { family: addressFamily }),
  }
}
