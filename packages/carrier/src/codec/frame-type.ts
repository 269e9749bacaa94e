/** Types of frames, docs/protocol/carrier.md "The byte stream". */
export const FrameType = {
  hello: 1,
  ping: 2,
  pong: 3,
  goAway: 4,
  open: 16,
  resume: 17,
  attached: 18,
  data: 19,
  window: 20,
  fin: 21,
  reset: 22,
  datagram: 23,
  leave: 24,
} as const

/** From here on an unknown type is skipped. */
export const firstOptionalType = 128

/** Type, length, stream. */
export const frameHeaderBytes = 8

/** The offset in front of the bytes of DATA. */
export const dataOffsetBytes = 6

/** Eight bytes that the answer repeats; ours end with a time. */
export const pingBytes = 8

export const maxDataBytes = 65_536
export const maxFramePayloadBytes = dataOffsetBytes + maxDataBytes

/** Texts that a peer sends are bounded. */
export const maxTargetBytes = 512
export const maxContextBytes = 4096
export const maxReasonBytes = 256
export const maxDatagramBytes = 65_507
export const secretBytes = 16
export const maxIdBytes = 64

/** attempt, secret, received, limit. */
export const resumeBytes = 4 + secretBytes + 12
export const openFixedBytes = resumeBytes + 3

interface LengthRange {
  readonly min: number
  readonly max: number
}

/** What the payload of a type may measure; absent: the type is unknown. */
export const payloadLengths: readonly (LengthRange | undefined)[] = lengthTable()

function lengthTable(): (LengthRange | undefined)[] {
  const table: (LengthRange | undefined)[] = Array.from({ length: FrameType.leave + 1 }, () => undefined)
  table[FrameType.hello] = { min: 23, max: 512 }
  table[FrameType.ping] = { min: pingBytes, max: pingBytes }
  table[FrameType.pong] = { min: pingBytes, max: pingBytes }
  table[FrameType.goAway] = { min: 2, max: 2 + maxReasonBytes }
  table[FrameType.open] = { min: openFixedBytes, max: openFixedBytes + maxTargetBytes + maxContextBytes }
  table[FrameType.resume] = { min: resumeBytes, max: resumeBytes }
  table[FrameType.attached] = { min: 17, max: 17 }
  table[FrameType.data] = { min: dataOffsetBytes + 1, max: maxFramePayloadBytes }
  table[FrameType.window] = { min: 12, max: 12 }
  table[FrameType.fin] = { min: 6, max: 6 }
  table[FrameType.reset] = { min: 2, max: 2 + maxReasonBytes }
  table[FrameType.datagram] = { min: 0, max: maxDatagramBytes }
  table[FrameType.leave] = { min: 0, max: 0 }
  return table
}
