import { frameHeaderLength, writeHeaderFields } from '../frame-encoder.ts'
import { xorTo } from '../mask/xor-mask.ts'
import { smallRegionBytes, type WriteRegions } from './write-regions.ts'

/** Where the writes go: a stream of Node's, or what takes one write at a time. */
export interface WriteTarget {
  /** `onTaken` is called when the system has the bytes, or nobody will. */
  write(bytes: Uint8Array, onTaken: () => void): unknown
}

export interface GatheredWritesOptions {
  readonly socket: WriteTarget
  readonly regions: WriteRegions
  /** After each write that the operating system has taken: `waitingBytes` is smaller now. */
  readonly onWritten: () => void
}

/**
 * Writes what comes in one turn of the event loop in one go, one write at a time. HOT PATH. TLS brings 16 KiB at once, and
 * each write costs a copy, objects for the garbage collector and a system call, whatever its size.
 */
export class GatheredWrites {
  /** Bytes that the operating system has not taken yet. */
  waitingBytes = 0
  readonly #socket: WriteTarget
  readonly #regions: WriteRegions
  readonly #onWritten: () => void
  /** Full buffers in order; `#open` comes behind them. */
  readonly #full: Uint8Array[] = []
  #open: Uint8Array | undefined
  #openBytes = 0
  #inFlight: Uint8Array | undefined
  #inFlightBytes = 0
  #isScheduled = false
  #onFlushed: (() => void) | undefined

  constructor({ socket, regions, onWritten }: GatheredWritesOptions) {
    this.#socket = socket
    this.#regions = regions
    this.#onWritten = onWritten
  }

  /** Takes a copy; the bytes are the caller's again. */
  write(bytes: Uint8Array): void {
    this.waitingBytes += bytes.length
    for (let at = 0; at < bytes.length; ) {
      const open = this.#bufferFor(bytes.length - at)
      const part = bytes.subarray(at, at + open.length - this.#openBytes)
      open.set(part, this.#openBytes)
      this.#openBytes += part.length
      at += part.length
    }
    this.#schedule()
  }

  /** Writes the header of an unmasked frame. */
  writeHeader(first: number, payloadLength: number): void {
    const length = frameHeaderLength(payloadLength, false)
    const open = this.#bufferFor(length)
    if (open.length - this.#openBytes < length) {
      const header = new Uint8Array(length)
      writeHeaderFields(header, 0, first, payloadLength, 0)
      this.write(header)
      return
    }
    writeHeaderFields(open, this.#openBytes, first, payloadLength, 0)
    this.#openBytes += length
    this.waitingBytes += length
    this.#schedule()
  }

  /** Writes bytes of another buffer without their mask: one pass over them instead of one to unmask and one to copy. */
  writeUnmasked(source: Uint8Array, start: number, length: number, maskKey: number, phase: number): void {
    this.waitingBytes += length
    for (let done = 0; done < length; ) {
      const open = this.#bufferFor(length - done)
      const part = Math.min(length - done, open.length - this.#openBytes)
      xorTo(source, start + done, open, this.#openBytes, part, maskKey, (phase + done) & 3)
      this.#openBytes += part
      done += part
    }
    this.#schedule()
  }

  /** Calls back once everything that was written has been taken, or the socket is gone. Nothing may be written after. */
  end(onFlushed: () => void): void {
    if (this.waitingBytes === 0) onFlushed()
    else this.#onFlushed = onFlushed
  }

  /** The buffer that the next bytes go to; it has room for one at least. */
  #bufferFor(length: number): Uint8Array {
    const open = this.#open
    if (open && this.#openBytes + length <= open.length) return open
    if (open?.length === smallRegionBytes) {
      const region = this.#regions.take()
      region.set(open.subarray(0, this.#openBytes))
      this.#regions.give(open)
      this.#open = region
      return region
    }
    if (open && this.#openBytes < open.length) return open
    if (open) this.#full.push(open)
    this.#openBytes = 0
    this.#open = open || length > smallRegionBytes ? this.#regions.take() : this.#regions.takeSmall()
    return this.#open
  }

  #schedule(): void {
    if (this.#inFlight || this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(this.#onTurnEnd)
  }

  readonly #onTurnEnd = (): void => {
    this.#isScheduled = false
    this.#writeNext()
  }

  #writeNext(): void {
    let next = this.#full.shift()
    if (next) {
      this.#inFlightBytes = next.length
    } else {
      next = this.#open
      this.#inFlightBytes = this.#openBytes
      this.#open = undefined
    }
    if (!next) return
    this.#inFlight = next
    this.#socket.write(next.subarray(0, this.#inFlightBytes), this.#onTaken)
  }

  /** Also called when the socket is gone: what waits is given up piece by piece. */
  readonly #onTaken = (): void => {
    if (this.#inFlight) this.#regions.give(this.#inFlight)
    this.#inFlight = undefined
    this.waitingBytes -= this.#inFlightBytes
    if (this.waitingBytes > 0) this.#writeNext()
    else this.#onFlushed?.()
    this.#onWritten()
  }
}
