import type { Socket } from 'node:net'
import { type ProxyHeader, readProxyHeader } from './proxy-protocol.ts'

/**
 * Takes the PROXY header, if there is one, off the beginning of a connection. The socket is paused then, and the bytes
 * behind the header are its first again.
 *
 * @param onHeader called once, not at all when the connection ends before
 */
export function takeProxyHeader(
  socket: Socket,
  onHeader: (header: Exclude<ProxyHeader, { kind: 'incomplete' }>) => void,
): void {
  let received = Buffer.alloc(0)
  const onData = (chunk: Buffer): void => {
    received = Buffer.concat([received, chunk])
    const header = readProxyHeader(received)
    if (header.kind === 'incomplete') {
      return
    }
    socket.off('data', onData)
    socket.pause()
    const rest = received.subarray(header.kind === 'present' ? header.length : 0)
    if (rest.length > 0) {
      socket.unshift(rest)
    }
    onHeader(header)
  }
  socket.on('data', onData)
}
