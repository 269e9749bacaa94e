import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import { dialWebSocket, encodeClose, encodeFrame, FrameDecoder, type FrameSink, Opcode } from '@postern/websocket'
import { MessageQueue } from './message-queue.ts'

/** One frame as it stood on the wire, payload unmasked. */
export interface RawFrame {
  readonly opcode: number
  readonly fin: boolean
  readonly rsv1: boolean
  readonly payload: Buffer
}

export interface RawDialOptions {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly protocols?: readonly string[]
  readonly extensions?: string
  readonly tls?: ConnectionOptions
}

/** A WebSocket client that answers nothing by itself: every frame in either direction is the test's own. */
export class RawWebSocket implements FrameSink {
  readonly socket: Duplex
  readonly protocol: string | undefined
  readonly extensions: string | undefined
  /** Of the answer to the handshake, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly frames: MessageQueue<RawFrame> = new MessageQueue()
  /** Resolves when TCP is over: true after FIN, false after a reset or an error. */
  readonly ended: Promise<boolean>
  #open: { opcode: number; fin: boolean; rsv1: boolean; chunks: Buffer[] } | undefined

  private constructor(dialed: Awaited<ReturnType<typeof dialWebSocket>>) {
    this.socket = dialed.socket
    this.protocol = dialed.protocol
    this.extensions = dialed.extensions
    this.headers = dialed.headers
    const decoder = new FrameDecoder({ expectMask: false, allowRsv1: true, sink: this })
    this.ended = new Promise((resolve) => {
      let clean = false
      dialed.socket.on('end', () => {
        clean = true
      })
      dialed.socket.on('close', () => {
        this.frames.fail(new Error('the socket is closed'))
        resolve(clean)
      })
    })
    dialed.socket.on('error', () => {})
    dialed.socket.on('data', (chunk: Uint8Array) => decoder.push(chunk))
    if (dialed.head.length > 0) decoder.push(dialed.head)
    dialed.socket.resume()
  }

  static async dial(options: RawDialOptions): Promise<RawWebSocket> {
    const { url, headers, protocols, extensions, tls } = options
    return new RawWebSocket(
      await dialWebSocket({
        url,
        ...(headers && { headers: { ...headers } }),
        ...(protocols && { protocols: [...protocols] }),
        ...(extensions !== undefined && { extensions }),
        ...(tls && { tls }),
        signal: AbortSignal.timeout(10_000),
      }),
    )
  }

  send(
    opcode: number,
    payload: Uint8Array | string,
    options: { readonly fin?: boolean; readonly rsv1?: boolean } = {},
  ): void {
    const frame = encodeFrame(opcode, typeof payload === 'string' ? Buffer.from(payload) : payload, {
      mask: true,
      fin: options.fin ?? true,
    })
    if (options.rsv1 && frame[0] !== undefined) frame[0] |= 0x40
    this.socket.write(frame)
  }

  text(text: string): void {
    this.send(Opcode.text, text)
  }

  binary(bytes: Uint8Array | string): void {
    this.send(Opcode.binary, bytes)
  }

  close(code?: number, reason?: string): void {
    this.send(Opcode.close, encodeClose(code, reason))
  }

  /** Ends TCP at once with no CLOSE, as the death of a process does. */
  abort(): void {
    this.socket.destroy()
  }

  onFrame(opcode: number, fin: boolean, rsv1: boolean): void {
    this.#open = { opcode, fin, rsv1, chunks: [] }
  }

  onPayload(buffer: Uint8Array, start: number, end: number): void {
    this.#open?.chunks.push(Buffer.from(buffer.subarray(start, end)))
  }

  onFrameEnd(): void {
    if (!this.#open) return
    const { opcode, fin, rsv1, chunks } = this.#open
    this.frames.push({ opcode, fin, rsv1, payload: Buffer.concat(chunks) })
  }

  onControl(opcode: number, payload: Uint8Array): void {
    this.frames.push({ opcode, fin: true, rsv1: false, payload: Buffer.from(payload) })
  }
}
