import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { takeMaskMemory } from '../mask/mask-memory.ts'

/** As much as Node itself reads at once. TLS brings 16 KiB at most. */
const defaultReadBytes = 65_536

/** Node's own names for what the option `onread` of its sockets sets; Node 20 and 24 have them. */
interface ReadFields {
  readonly buffer: symbol
  readonly callback: symbol
}

interface ReadHandle {
  useUserBuffer(buffer: Uint8Array): void
}

/**
 * Reads any number of sockets into one buffer instead of a new one for each read. HOT PATH. Without it, a relay under load
 * leaves the garbage collector 64 MiB of chunks at a time, and a third of its CPU time with it (measured).
 *
 * Node offers this for sockets that we dial (`onread`), not for those that we accept: its own fields are set here. Where a
 * Node has none of that name, and for streams that are no sockets, 'data' events do the same.
 */
export class SharedReadBuffer {
  /** What is read comes to stand here, until the next read: in mask memory, so that one pass unmasks it to where it is needed. */
  readonly buffer: Uint8Array
  readonly #fields = findReadFields()

  /** @param readBytes most that is read at once; lives as long as the process, so make one and share it */
  constructor(readBytes: number = defaultReadBytes) {
    this.buffer = takeMaskMemory(readBytes)
  }

  /**
   * Takes over the reading of a socket that nobody else reads; `pause` and `resume` work as always. The bytes are the
   * receiver's until it returns.
   * @returns false when 'data' events are used
   */
  read(socket: Duplex, onBytes: (bytes: Uint8Array) => void): boolean {
    if (this.#fields === undefined || handleOf(socket) === undefined) {
      socket.on('data', onBytes)
      return false
    }
    // What has been read before comes first; it may make the receiver destroy the socket.
    for (let early = readEarly(socket); early !== null; early = readEarly(socket)) onBytes(early)
    const handle = handleOf(socket)
    if (handle === undefined) return true
    const buffer = this.buffer
    const onRead = (length: number): void => onBytes(buffer.subarray(0, length))
    Object.assign(socket, { [this.#fields.buffer]: buffer, [this.#fields.callback]: onRead })
    handle.useUserBuffer(buffer)
    // Node stops the reading of such a socket in `pause` alone: it may have been called before, by the receiver of early bytes.
    if (socket.isPaused()) socket.pause()
    return true
  }
}

function readEarly(socket: Duplex): Uint8Array | null {
  return socket.read() as Uint8Array | null
}

function handleOf(socket: Duplex): ReadHandle | undefined {
  const { _handle: handle } = socket as { readonly _handle?: Partial<ReadHandle> | null }
  return socket instanceof Socket && handle?.useUserBuffer ? (handle as ReadHandle) : undefined
}

function findReadFields(): ReadFields | undefined {
  const symbols = Object.getOwnPropertySymbols(new Socket())
  const named = (name: string): symbol | undefined => symbols.find(({ description }) => description === name)
  const [buffer, callback] = [named('kBuffer'), named('kBufferCb')]
  return buffer && callback && { buffer, callback }
}
