import type { Socket } from 'node:net'
import { type ClientHello, readClientHello } from './client-hello.ts'
import { type ProxyHeader, readProxyHeader } from './proxy-protocol.ts'

/** Takes the PROXY header, if there is one, off the beginning of a connection. See `readFirstBytes`. */
export function takeProxyHeader(socket: Socket, onHeader: (header: Decided<ProxyHeader>) => void): void {
  readFirstBytes(socket, readProxyHeader, (header, received) => {
    giveBack(socket, received.subarray(header.kind === 'present' ? header.length : 0))
    onHeader(header)
  })
}

/** Looks at the ClientHello of a connection, and leaves it there. See `readFirstBytes`. */
export function peekClientHello(socket: Socket, onHello: (hello: Decided<ClientHello>) => void): void {
  readFirstBytes(socket, readClientHello, (hello, received) => {
    giveBack(socket, received)
    onHello(hello)
  })
}

/** Waits until a connection has sent something, and leaves it there. Nothing is called when it ends before. */
export function awaitFirstBytes(socket: Socket, onBytes: () => void): void {
  socket.once('data', (received: Buffer) => {
    socket.pause()
    giveBack(socket, received)
    onBytes()
  })
  socket.resume()
}

type Decided<T extends { readonly kind: string }> = Exclude<T, { readonly kind: 'incomplete' }>

/** Reads until `read` knows; the socket is paused then. Nothing is called when the connection ends before. */
function readFirstBytes<T extends { readonly kind: string }>(
  socket: Socket,
  read: (bytes: Uint8Array) => T,
  onDecided: (value: Decided<T>, received: Buffer) => void,
): void {
  let received = Buffer.alloc(0)
  const onData = (chunk: Buffer): void => {
    received = Buffer.concat([received, chunk])
    const value = read(received)
    if (isDecided(value)) {
      socket.off('data', onData)
      socket.pause()
      onDecided(value, received)
    }
  }
  socket.on('data', onData)
  socket.resume()
}

function isDecided<T extends { readonly kind: string }>(value: T): value is Decided<T> {
  return value.kind !== 'incomplete'
}

function giveBack(socket: Socket, bytes: Buffer): void {
  if (bytes.length > 0) {
    socket.unshift(bytes)
  }
}
