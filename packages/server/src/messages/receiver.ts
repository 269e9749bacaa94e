/** A listener or subscriber as a message sees it. */
export interface Receiver {
  /** Bytes that wait for it to read. */
  readonly bufferedBytes: number
  /** It gets nothing new: one of the two ends has closed it. */
  readonly isEnding: boolean
  /** Writes so many messages. Others get the same bytes: they never change. */
  deliver(bytes: Uint8Array, messages: number): void
}

/** Whether so many bytes more may wait for a receiver. One with nothing before it takes a message of any size. */
export function takesBytes(receiver: Receiver, bytes: number, queueBytes: number): boolean {
  const { bufferedBytes } = receiver
  return bufferedBytes === 0 || bufferedBytes + bytes <= queueBytes
}
