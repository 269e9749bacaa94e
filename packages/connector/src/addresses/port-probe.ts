import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'

/** A port that something is to listen on. */
export interface ProbedPort {
  readonly address: string
  readonly port: number
  readonly protocol: 'tcp' | 'udp'
}

/** True when another program has the port of this address, or of all addresses. What else is wrong with it is not. */
export function isPortTaken({ address, port, protocol }: ProbedPort): Promise<boolean> {
  return new Promise((resolve) => {
    const onError = ({ code }: NodeJS.ErrnoException): void => resolve(code === 'EADDRINUSE')
    if (protocol === 'udp') {
      const socket = createSocket('udp4').once('error', onError)
      socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(false)))
      return
    }
    const server = createServer().once('error', onError)
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(false)))
  })
}
