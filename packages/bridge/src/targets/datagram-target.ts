import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { RelayError } from '@postern/protocol'
import { addressOf, type PortTarget } from '../forward.ts'
import type { DialRules } from './dial-target.ts'

/**
 * Opens a UDP socket that talks to one target only.
 *
 * @throws {RelayError} TargetUnreachable when the name has no address, or the source address is not ours.
 */
export async function dialDatagramTarget(target: PortTarget, rules: DialRules): Promise<Socket> {
  const { sourceAddress, addressFamily = 0 } = rules
  let socket: Socket | undefined
  try {
    const { address, family } = await lookup(target.host, { family: addressFamily })
    const udp = createSocket({ type: family === 6 ? 'udp6' : 'udp4' })
    socket = udp
    if (sourceAddress !== undefined) await settle(udp, (done) => udp.bind({ address: sourceAddress }, done))
    await settle(udp, (done) => udp.connect(target.port, address, done))
    // A port that nobody has open answers by ICMP; the next datagram may find it open.
    udp.on('error', () => {})
    return udp
  } catch (cause) {
    socket?.close()
    const { code, message } = cause as NodeJS.ErrnoException
    throw new RelayError('TargetUnreachable', {
      message: `The target ${addressOf(target)} cannot be reached: ${code ?? message}`,
      cause,
    })
  }
}

function settle(socket: Socket, begin: (done: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    begin(() => {
      socket.off('error', reject)
      resolve()
    })
  })
}
