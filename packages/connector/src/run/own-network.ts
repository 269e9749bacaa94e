import type { Socket as DatagramSocket } from 'node:dgram'
import type { Server } from 'node:net'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from './namespace-commands.ts'
import type { OpenReply, OpenRequest } from './own-network-worker.ts'
import type { PrivateNamespace } from './private-namespace.ts'

/**
 * A socket is made in milliseconds once the process inside is up, which under load takes many times its usual tenth of a second;
 * a program that began without its endpoints would be worse off than one that waits.
 */
const openTimeoutMs = 30_000

/** The process that opens sockets inside. */
export function ownNetworkHolder(): Command {
  const extension = extname(fileURLToPath(import.meta.url))
  return [process.execPath, fileURLToPath(new URL(`./own-network-worker${extension}`, import.meta.url))]
}

/** Opens sockets in the network of a {@link PrivateNamespace} for this process, which stays outside. */
export class OwnNetwork {
  readonly #namespace: PrivateNamespace
  readonly #waiting = new Map<number, (reply: OpenReply, socket: unknown) => void>()
  #lastId = 0

  constructor(namespace: PrivateNamespace) {
    this.#namespace = namespace
    namespace.holder.on('message', (reply: OpenReply, socket: unknown) => {
      this.#waiting.get(reply.id)?.(reply, socket)
      this.#waiting.delete(reply.id)
    })
  }

  /**
   * A server that listens on a TCP port inside; to be given to `listen` of another one.
   *
   * Any port and any address will do: an address that the loopback interface lacks is added.
   */
  async listen(address: string, port: number): Promise<Server> {
    return (await this.#open({ protocol: 'tcp', address, port })) as Server
  }

  /** A UDP socket that is bound inside. */
  async bind(address: string, port: number): Promise<DatagramSocket> {
    return (await this.#open({ protocol: 'udp', address, port })) as DatagramSocket
  }

  #open(request: Omit<OpenRequest, 'id'>): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const id = ++this.#lastId
    const { holder } = this.#namespace
    const gone = (): void => reject(new Error('the process inside the network namespace is gone'))
    const timer = setTimeout(() => reject(new Error('the network namespace does not answer')), openTimeoutMs)
    this.#waiting.set(id, ({ error }, socket) => {
      if (error) reject(Object.assign(new Error(error.message), { code: error.code }))
      else resolve(socket)
    })
    holder.once('exit', gone)
    if (holder.connected) holder.send({ ...request, id } satisfies OpenRequest)
    else gone()
    return promise.finally(() => {
      clearTimeout(timer)
      holder.off('exit', gone)
      this.#waiting.delete(id)
    })
  }
}
