import { once } from 'node:events'
import { connect } from 'node:net'
import { lookupName } from '@postern/protocol'
import { broken, type Finding, fine } from './finding.ts'

/** To whom a connection is tried. */
export interface TcpCheck {
  readonly host: string
  readonly port: number
  /** `the relay`, `the proxy`, `the target`. */
  readonly what: string
}

/** Connects and hangs up. */
export async function checkTcp({ host, port, what }: TcpCheck, signal: AbortSignal): Promise<Finding> {
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const socket = connect({ host: lookupName(host), port })
  try {
    await once(socket, 'connect', { signal })
    return fine(`${what} accepts connections at ${place} (${socket.remoteAddress ?? host})`)
  } catch (error) {
    return tcpFailure(error, { place, what, isLate: signal.aborted })
  } finally {
    socket.on('error', () => {}).destroy()
  }
}

interface FailedTcp {
  readonly place: string
  readonly what: string
  readonly isLate: boolean
}

/** What a connection that was not made says about the way. */
export function tcpFailure(error: unknown, { place, what, isLate }: FailedTcp): Finding {
  const code = codeOf(error)
  if (isLate || code === 'ETIMEDOUT') {
    return broken(
      `no answer from ${place}`,
      `A firewall drops the packets, or the host is down: have this machine let out to ${place}${what === 'the relay' ? ', or name the proxy of this network by --proxy' : ''}.`,
    )
  }
  if (code === 'ECONNREFUSED') {
    return broken(
      `${place} refuses the connection: nothing listens there`,
      `Check the port, and that ${what} runs${what === 'the target' ? ' and listens on this address' : ''}.`,
    )
  }
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH' || code === 'EADDRNOTAVAIL') {
    return broken(`${code}: no way to ${place}`, 'Check network, routes and VPN of this machine.')
  }
  if (code === 'ECONNRESET') {
    return broken(`${place} cut the connection`, `A firewall in between may have done it; look in the log of ${what}.`)
  }
  const message = error instanceof Error ? error.message : String(error)
  return broken(`${place}: ${message}`, `Check that ${what} can be reached from this machine.`)
}

function codeOf(error: unknown): string {
  // Happy Eyeballs reports all its attempts at once; they rarely differ.
  if (error instanceof AggregateError) return codeOf(error.errors[0])
  return (error as NodeJS.ErrnoException | undefined)?.code ?? ''
}
