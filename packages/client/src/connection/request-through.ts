import { type ClientRequest, type RequestOptions, request } from 'node:http'
import type { Duplex } from 'node:stream'
import type { OpenSocket } from './open-socket.ts'

/** Where an HTTP request goes to, besides what `node:http` takes. */
export interface HttpTarget extends Omit<RequestOptions, 'agent' | 'createConnection' | 'protocol'> {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly signal: AbortSignal
}

/** Begins an HTTP request on a connection that is opened like those of WebSockets: the same proxy, the same trust. */
export function requestThrough(openSocket: OpenSocket, { secure, ...target }: HttpTarget): ClientRequest {
  const { host, port, signal } = target
  return request({
    ...target,
    defaultPort: secure ? 443 : 80,
    createConnection: (_options, onCreate) => {
      // Node's types ask for an error and a stream even where there is only one of the two.
      const done = onCreate as (error: unknown, stream?: Duplex) => void
      openSocket({ host, port, secure, signal }).then((socket) => done(null, socket), done)
      return undefined
    },
  })
}
