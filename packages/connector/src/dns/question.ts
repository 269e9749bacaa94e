/** The one question of a query, as its bytes say. */
export interface Question {
  /** As it was asked, dots between labels; a label that holds a dot itself makes the name undefined: no name of ours has any. */
  readonly name: string | undefined
  readonly type: number
  readonly class: number
  /** Header and question: what an answer must repeat. */
  readonly bytes: Uint8Array
}

/** RFC 1035 section 4.1.1. */
export const headerBytes = 12
const maxLabelBytes = 63
const maxNameBytes = 255

/**
 * Reads the question behind a header (RFC 1035 section 4.1.2). Nothing is compressed there: nothing is before it. Undefined
 * for anything else than one whole question.
 */
export function readQuestion(message: Uint8Array): Question | undefined {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  if (message.length < headerBytes || view.getUint16(4) !== 1) return undefined
  const labels: string[] = []
  let offset = headerBytes
  for (;;) {
    const length = message[offset]
    if (length === undefined || length > maxLabelBytes) return undefined
    offset += 1
    if (length === 0) break
    labels.push(Buffer.from(message.subarray(offset, offset + length)).toString('latin1'))
    offset += length
    if (offset - headerBytes > maxNameBytes) return undefined
  }
  if (offset + 4 > message.length) return undefined
  const isPlain = labels.every((label) => !label.includes('.'))
  return {
    name: isPlain ? labels.join('.') : undefined,
    type: view.getUint16(offset),
    class: view.getUint16(offset + 2),
    bytes: message.subarray(0, offset + 4),
  }
}

/** True when an answer repeats the question of a query; names in any case, as resolvers may change it. */
export function answersQuestion(answer: Uint8Array, asked: Question): boolean {
  const question = readQuestion(answer)
  return (
    question !== undefined &&
    question.type === asked.type &&
    question.class === asked.class &&
    Buffer.from(question.bytes.subarray(headerBytes)).toString('latin1').toLowerCase() ===
      Buffer.from(asked.bytes.subarray(headerBytes)).toString('latin1').toLowerCase()
  )
}

/** True for an answer with this id. */
export function isAnswerTo(message: Uint8Array, id: number): boolean {
  const [high, low, flags] = message
  return flags !== undefined && (flags & 0x80) !== 0 && high === id >> 8 && low === (id & 0xff)
}
