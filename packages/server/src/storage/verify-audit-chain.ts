import { type ChainBreak, type ChainCheck, type ChainPosition, chainOrigin, differentHead } from './audit-chain.ts'
import type { AuditVerdict, VerifyOptions } from './audit-store.ts'

/** A chain that is read in parts. */
export interface ChainSource {
  /** Where the chain begins, the number of its first record, and its head as it is now. */
  bounds(): Promise<ChainBounds>
  /** Checks at most `limit` links behind `after`, or behind the anchor when more than that was deleted meanwhile. */
  check(after: ChainPosition, options: ChainCheckOptions): Promise<ChainCheck>
}

export interface ChainBounds {
  readonly anchor: ChainPosition
  readonly first?: number
  readonly head: ChainPosition
}

export interface ChainCheckOptions {
  readonly limit: number
  readonly expectedHead?: ChainPosition
}

/** Links in one part: some 50 ms of work, so that writing goes on meanwhile. */
const partLinks = 10_000

/** Walks a whole chain, part by part. @throws the signal's reason when it is aborted. */
export async function verifyAuditChain(source: ChainSource, options: VerifyOptions = {}): Promise<AuditVerdict> {
  const { signal, onProgress, expectedHead } = options
  const bounds = await source.bounds()
  const { anchor } = bounds
  const total = bounds.head.sequence - anchor.sequence
  let head = anchor
  let count = 0
  let broken = wrongBeginning(bounds, expectedHead)
  for (let isWhole = true; isWhole && !broken; ) {
    signal?.throwIfAborted()
    const part = await source.check(head, { limit: partLinks, ...(expectedHead && { expectedHead }) })
    head = part.position
    count += part.count
    broken = part.broken && describe(part.broken, anchor)
    isWhole = part.count === partLinks
    onProgress?.(count, Math.max(total, count))
  }
  broken ??= cutOff(head, expectedHead)
  const first = count > 0 ? { first: anchor.sequence + 1 } : {}
  return { count, ...first, head, ...(broken && { broken }) }
}

function wrongBeginning({ anchor, first }: ChainBounds, expected: ChainPosition | undefined): ChainBreak | undefined {
  if (first !== undefined && first <= anchor.sequence) {
    const explanation = `Record ${first} stands before the anchor, which says that everything up to ${anchor.sequence} was deleted.`
    return { kind: 'anchor', sequence: first, explanation }
  }
  if (anchor.sequence === 0 && anchor.hash !== chainOrigin.hash) {
    return { kind: 'anchor', sequence: 1, explanation: 'The anchor was changed, though no record was deleted yet.' }
  }
  if (expected && expected.sequence < anchor.sequence) {
    const explanation = `The expected head ${expected.sequence} was deleted by retention: only what follows ${anchor.sequence} can be compared.`
    return { kind: 'headDeleted', sequence: expected.sequence, explanation }
  }
  return differentHead(anchor, expected)
}

function cutOff(head: ChainPosition, expected: ChainPosition | undefined): ChainBreak | undefined {
  if (!expected || expected.sequence <= head.sequence) return undefined
  const explanation = `The log ends at record ${head.sequence}, but it had ${expected.sequence}: its end was cut off.`
  return { kind: 'cutOff', sequence: head.sequence + 1, explanation }
}

/** Behind deleted records nobody can tell whether the next one or the anchor was changed. */
function describe(broken: ChainBreak, anchor: ChainPosition): ChainBreak {
  const isBehindAnchor = anchor.sequence > 0 && broken.sequence === anchor.sequence + 1
  if (broken.kind !== 'changed' || !isBehindAnchor) return broken
  const { sequence } = broken
  const explanation = `Record ${sequence}, the first one, does not follow from the anchor: one of both was changed.`
  return { kind: 'anchor', sequence, explanation }
}
