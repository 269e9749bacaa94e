import type { ResetCode } from '../reset-code.ts'

/** The carrier of a stream, as the stream sees it. */
export interface StreamCarrier<Stream> {
  readonly roundTripMs: number
  readonly nowMs: number
  /** What a stream may send before the next has its turn. */
  readonly turnBytes: number
  /** The stream has something to send, which may wait for a turn of the loop when `patient`: more is likely to follow. */
  enqueue(stream: Stream, patience?: 'patient'): void
  /** The stream has a word that may wait for others, for a moment. */
  enqueueSoon(stream: Stream): void
  /** The stream will need a number here; it is queued. */
  join(stream: Stream): void
  /** A number for OPEN or RESUME, which is being written. */
  takeNumber(stream: Stream): number
  /** The listener's end has found or made the stream of a number; it is queued, at once or when it has more to say. */
  bind(id: number, stream: Stream, patience?: 'patient'): void
  /** The stream has left; its number, if it had one, is not used again. */
  release(id: number, stream: Stream): void
  sendReset(id: number, code: ResetCode, reason: string): void
  sendLeave(id: number): void
}
