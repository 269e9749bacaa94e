import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { encodePayloadHeader, maxPieceBytes, PayloadReader, payloadBytes } from './payload.ts'

/** Far more than any buffer on the way takes: a busy connection never comes to its end by itself. */
const endlessBytes = 0xffff_ffff

/** A client connection through a tunnel that stays open, silent or busy, until somebody cuts it. */
export class HeldConnection implements Disposable {
  /** By which listener it came. */
  readonly door: string
  /** Resolves when it is over, with how: a cut is an error (RST), an end is not (FIN). */
  readonly over: Promise<'cut' | 'ended'>
  readonly #socket: Socket
  readonly #reader: PayloadReader = new PayloadReader()
  readonly #id: number

  private constructor(socket: Socket, door: string, id: number) {
    this.#socket = socket
    this.door = door
    this.#id = id
    this.over = new Promise((resolve) => {
      socket.on('end', () => resolve('ended'))
      socket.on('close', () => resolve('cut'))
    })
    socket.on('data', (chunk) => this.#reader.push(chunk))
  }

  /**
   * Opens one that comes by this door.
   *
   * @param place a port of this machine, or the path of a Unix socket.
   */
  static async open(place: number | string, door: string): Promise<HeldConnection> {
    for (let id = 1; ; id += 1) {
      const way = typeof place === 'number' ? { port: place, host: '127.0.0.1' } : { path: place }
      const socket = connect({ ...way, allowHalfOpen: true, noDelay: true })
      socket.on('error', () => {})
      const [greeting] = (await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })) as [Buffer]
      if (greeting.toString('latin1') === door) return new HeldConnection(socket, door, id)
      // Not by a reset: the other listener may not be there to see it.
      socket.end()
    }
  }

  /** Echoed bytes so far. */
  get received(): number {
    return this.#reader.received
  }

  /** What came is what was sent, in its order. */
  get isPrefix(): boolean {
    return !this.#reader.isWrong
  }

  /** Sends without pause, as fast as it is taken. */
  makeBusy(): void {
    const socket = this.#socket
    let sent = 0
    const send = (): void => {
      while (!socket.destroyed && socket.write(payloadBytes(this.#id, sent, maxPieceBytes))) sent += maxPieceBytes
      sent += maxPieceBytes
    }
    socket.on('drain', send)
    socket.write(encodePayloadHeader(this.#id, endlessBytes))
    send()
  }

  /** Waits until so many more bytes have come back. */
  async untilReceives(bytes: number, timeoutMs: number): Promise<void> {
    const goal = this.received + bytes
    const signal = AbortSignal.timeout(timeoutMs)
    while (this.received < goal) await once(this.#socket, 'data', { signal })
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}
