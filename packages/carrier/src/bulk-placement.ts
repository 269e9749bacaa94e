import type { Carrier } from './carrier.ts'
import type { CarrierStream } from './streams/carrier-stream.ts'

/** A stream as far as its place is concerned. */
export type PlacedStream = Pick<CarrierStream, 'bytesReceived' | 'bytesWritten' | 'carrier'>

/** From here on a stream is in the way of others: it fills a turn of 16 KiB every 4 ms. */
const hotBytesPerSecond = 4_194_304

/**
 * So much in each round trip: on a long path it is the connection that holds streams back, and each has to win its own share of the network
 * (measured: 8 streams over 200 ms shared 14 MB/s of one connection, where 8 connections had 56). A connection that begins sends as much at once.
 */
const hotBytesPerRoundTrip = 16_384

/** Finds streams that move so much that they should have a carrier of their own. */
export class BulkPlacement {
  readonly #seen = new WeakMap<PlacedStream, number>()
  #lookedAtMs: number

  constructor(nowMs: number) {
    this.#lookedAtMs = nowMs
  }

  /** Streams that were hot since the last look and share their carrier, the hottest first. */
  look<Stream extends PlacedStream>(streams: Iterable<Stream>, nowMs: number): Stream[] {
    const seconds = Math.max(0.001, (nowMs - this.#lookedAtMs) / 1000)
    this.#lookedAtMs = nowMs
    const hot: { readonly stream: Stream; readonly bytes: number }[] = []
    for (const stream of streams) {
      const total = stream.bytesReceived + stream.bytesWritten
      const bytes = total - (this.#seen.get(stream) ?? 0)
      this.#seen.set(stream, total)
      const carrier = stream.carrier as Carrier | undefined
      if (carrier && carrier.streamCount > 1 && bytes / seconds >= hotFrom(carrier.roundTripMs))
        hot.push({ stream, bytes })
    }
    return hot.sort((a, b) => b.bytes - a.bytes).map(({ stream }) => stream)
  }
}

/** Bytes a second; a round trip of 0 is not known yet. */
function hotFrom(roundTripMs: number): number {
  return roundTripMs === 0
    ? hotBytesPerSecond
    : Math.min(hotBytesPerSecond, (hotBytesPerRoundTrip * 1000) / roundTripMs)
}
