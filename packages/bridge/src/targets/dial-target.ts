import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { dialTcp, NetSocket, type TcpPlace, type TunnelSocket } from '@postern/carrier'
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
 * Opens a stream to a target. `onDialing` sees every socket before it is connected.
 *
 * @throws {RelayError} TargetUnreachable that names the target and the reason.
 */
export async function dialTarget(target: SingleTarget, rules: DialRules, onDialing: OnDialing): Promise<TunnelSocket> {
  return await (rules.attempts > 1 ? dialAgain(target, rules, onDialing) : dialOnce(target, rules, onDialing))
}

type OnDialing = (socket: TunnelSocket) => void

function dialOnce(target: SingleTarget, rules: DialRules, onDialing: OnDialing): Promise<TunnelSocket> {
  const socket = dial(target, rules)
  onDialing(socket)
  return connected(socket, { target: addressOf(target), timeoutMs: connectTimeoutMs })
}

async function dialAgain(target: SingleTarget, rules: DialRules, onDialing: OnDialing): Promise<TunnelSocket> {
  const giveUpAtMs = performance.now() + allTriesMs
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await dialOnce(target, rules, onDialing)
    } catch (error) {
      const isLast = attempt >= rules.attempts || performance.now() + connectTimeoutMs > giveUpAtMs
      if (isLast) throw error
      await delay(retryAfterMs)
    }
  }
}

function dial(target: SingleTarget, rules: DialRules): TunnelSocket {
  if (target.protocol === 'unix') return new NetSocket(connect({ path: target.socketPath, allowHalfOpen: true }))
  const { sourceAddress, addressFamily } = rules
  const place: TcpPlace = {
    host: target.host,
    port: target.port,
    ...(sourceAddress !== undefined && { localAddress: sourceAddress }),
    ...(addressFamily !== undefined && { family: addressFamily }),
  }
  return dialTcp(place)
}
