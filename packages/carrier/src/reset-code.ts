/** Why a stream ended before its time: number on the wire and words. docs/protocol/carrier.md "Streams" */
const resetTable = {
  cancelled: { code: 1, text: 'The other end gave the stream up' },
  refused: { code: 2, text: 'The other end does not allow this target' },
  unreachable: { code: 3, text: 'The target cannot be reached' },
  'target-reset': { code: 4, text: 'The target cut its connection' },
  overloaded: { code: 5, text: 'The other end takes no more streams now' },
  'unknown-stream': { code: 6, text: 'The other end does not know this stream any more' },
  'resume-expired': { code: 7, text: 'The stream was without a carrier for too long' },
  'bytes-lost': { code: 8, text: 'The stream cannot continue without a gap' },
  violation: { code: 9, text: 'The other end broke the carrier protocol' },
} as const

export type ResetCode = keyof typeof resetTable

/** How a stream was cut. */
export interface StreamReset {
  readonly code: ResetCode
  /** For people. */
  readonly reason: string
  /** Who said it. */
  readonly by: 'us' | 'peer'
}

const nameOf = new Map<number, ResetCode>()
for (const [name, { code }] of Object.entries(resetTable)) nameOf.set(code, name as ResetCode)

export function resetNumber(code: ResetCode): number {
  return resetTable[code].code
}

export function resetText(code: ResetCode): string {
  return resetTable[code].text
}

/** A number of a later version is a peer that gave up. */
export function resetCodeOf(number: number): ResetCode {
  return nameOf.get(number) ?? 'cancelled'
}
