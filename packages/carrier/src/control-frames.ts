import { FrameType, pingBytes } from './codec/frame-type.ts'
import { writeHeader } from './codec/messages.ts'

/**
 * Frames of a carrier itself, and RESETs, that wait to be sent: few unless a peer asks for answers that it does not read. Only
 * the newest PING is answered.
 */
export class ControlFrames {
  readonly #maxWaiting: number
  #frames: Uint8Array[] = []
  #pongDue: Uint8Array | undefined
  #isFlooded = false

  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting
  }

  get hasWork(): boolean {
    return this.#frames.length > 0 || this.#pongDue !== undefined
  }

  /** More answers wait than an honest peer leaves unread. */
  get isFlooded(): boolean {
    return this.#isFlooded
  }

  /** Adds a whole frame of at most a few hundred bytes. */
  add(frame: Uint8Array): void {
    if (this.#frames.length >= this.#maxWaiting) this.#isFlooded = true
    else this.#frames.push(frame)
  }

  /** Takes a copy of what a PING said. */
  answer(ping: Uint8Array): void {
    this.#pongDue = new Uint8Array(ping)
  }

  /** As many as fit with room for a turn of streams behind them. @returns where it stopped */
  writeTo(buffer: Uint8Array): number {
    let at = 0
    let sent = 0
    const end = buffer.length / 2
    for (const frame of this.#frames) {
      if (at + frame.length > end) break
      buffer.set(frame, at)
      at += frame.length
      sent += 1
    }
    if (sent > 0) this.#frames.splice(0, sent)
    return this.#pongDue ? this.#writePong(buffer, at, this.#pongDue) : at
  }

  clear(): void {
    this.#frames = []
    this.#pongDue = undefined
  }

  #writePong(buffer: Uint8Array, from: number, ping: Uint8Array): number {
    this.#pongDue = undefined
    const at = writeHeader(buffer, from, { type: FrameType.pong, length: pingBytes, stream: 0 })
    buffer.set(ping, at)
    return at + pingBytes
  }
}
