import type { Message } from './message.ts'
import { type Receiver, takesBytes } from './receiver.ts'

export interface ReceiverGroupOptions<R extends Receiver> {
  readonly receivers: readonly R[]
  readonly encode: (message: Message) => Uint8Array
  /** Bytes that may wait for one receiver. */
  readonly queueBytes: number
  /** It has missed a message, and has been written what came before. */
  readonly onFull?: (receiver: R) => void
  readonly onFault: (error: unknown) => void
}

/**
 * Receivers that get the same bytes, for one turn of the event loop. HOT PATH. A message costs one encoding, whatever the
 * number of receivers, and all messages of the turn are one write for each. Who has no room is cut out for the rest of it.
 */
export class ReceiverGroup<R extends Receiver> {
  readonly #options: ReceiverGroupOptions<R>
  /** Bytes that each would take at the beginning of the turn. */
  readonly #rooms: number[] = []
  /** How many bytes each gets at the end of it: all, unless it was cut out. */
  readonly #ends: number[] = []
  /** How many messages these are, of those that were cut out. */
  readonly #counts: number[] = []
  readonly #frames: Uint8Array[] = []
  #bytes = 0
  #active = 0
  #cutOut = 0
  /** The smallest room of those that are not cut out. */
  #room = Number.POSITIVE_INFINITY

  constructor(options: ReceiverGroupOptions<R>) {
    this.#options = options
    for (const receiver of options.receivers) this.#open(receiver)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Receivers that missed the last message. */
  get missed(): number {
    return this.#cutOut
  }

  /** @returns how many receivers will be written to */
  add(message: Message): number {
    if (this.#active === 0) return 0
    const frame = this.#options.encode(message)
    if (this.#bytes + frame.length > this.#room) this.#cut(frame.length)
    if (this.#active === 0) return 0
    this.#frames.push(frame)
    this.#bytes += frame.length
    return this.#active
  }

  /** Writes all that was added; the group is of no use afterwards. */
  flush(): void {
    const { receivers, onFull, onFault } = this.#options
    const [first] = this.#frames
    if (first === undefined && this.#cutOut === 0) return
    const all = first !== undefined && this.#frames.length === 1 ? first : Buffer.concat(this.#frames, this.#bytes)
    let at = -1
    for (const receiver of receivers) {
      at += 1
      const end = this.#ends[at] ?? 0
      try {
        if (end === whole) receiver.deliver(all, this.#frames.length)
        else if (end > 0) receiver.deliver(all.subarray(0, end), this.#counts[at] ?? 0)
        if (end >= 0 && end !== whole) onFull?.(receiver)
      } catch (error) {
        // A fault of one receiver is nobody else's.
        onFault(error)
      }
    }
  }

  #open(receiver: R): void {
    const room = receiver.isEnding ? -1 : Math.max(this.#options.queueBytes - receiver.bufferedBytes, 0)
    this.#rooms.push(room)
    this.#ends.push(receiver.isEnding ? gone : whole)
    if (receiver.isEnding) return
    this.#active += 1
    this.#room = Math.min(this.#room, room)
  }

  #cut(length: number): void {
    const { receivers, queueBytes } = this.#options
    this.#room = Number.POSITIVE_INFINITY
    let at = -1
    for (const receiver of receivers) {
      at += 1
      if (this.#ends[at] !== whole) continue
      const room = this.#rooms[at] ?? 0
      const fits = this.#bytes === 0 ? takesBytes(receiver, length, queueBytes) : this.#bytes + length <= room
      if (fits) {
        this.#room = Math.min(this.#room, room)
      } else {
        this.#ends[at] = this.#bytes
        this.#counts[at] = this.#frames.length
        this.#active -= 1
        this.#cutOut += 1
      }
    }
  }
}

/** Stands for the end of a receiver that gets all. */
const whole = Number.POSITIVE_INFINITY

/** Stands for the end of a receiver that was closed before. */
const gone = -1
