import type { Carrier } from './carrier.ts'
import type { CarrierStream } from './streams/carrier-stream.ts'

/** From here on a stream is in the way of others: it fills a turn of 16 KiB every 4 ms. */
const hotBytesPerSecond = 4_194_304

/** Finds streams that move so much that they should have a carrier of their own. */
export class BulkPlacement {
  readonly #seen = new WeakMap<CarrierStream, number>()
  #lookedAtMs: number

  constructor(nowMs: number) {
    this.#lookedAtMs = nowMs
  }

  /** Streams that were hot since the last look and share their carrier, the hottest first. */
  look(streams: Iterable<CarrierStream>, nowMs: number): CarrierStream[] {
    const seconds = Math.max(0.001, (nowMs - this.#lookedAtMs) / 1000)
    this.#lookedAtMs = nowMs
    const hot: { readonly stream: CarrierStream; readonly bytes: number }[] = []
    for (const stream of streams) {
      const total = stream.bytesReceived + stream.bytesWritten
      const bytes = total - (this.#seen.get(stream) ?? 0)
      this.#seen.set(stream, total)
      const isShared = ((stream.carrier as Carrier | undefined)?.streamCount ?? 0) > 1
      if (isShared && bytes / seconds >= hotBytesPerSecond) hot.push({ stream, bytes })
    }
    return hot.sort((a, b) => b.bytes - a.bytes).map(({ stream }) => stream)
  }
}
