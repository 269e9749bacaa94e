import { hash } from 'node:crypto'

/** A place in the chain. */
export interface ChainPosition {
  /** 1 for the first record ever; no number is used twice or left out. */
  readonly sequence: number
  /** 64 lower-case hex digits. */
  readonly hash: string
}

/** One record as the chain sees it. */
export interface ChainLink extends ChainPosition {
  /** Canonical text, its sequence included. */
  readonly text: string
}

/** What is wrong at one place. */
export interface ChainBreak {
  /**
   * `missing`: numbers are left out. `misplaced`: a record stands in another one's place. `changed`: text and hash do not
   * fit. `anchor`: what follows the deleted records does not fit to them. `otherHead`: the expected head has another hash.
   * `cutOff`: the log ends before the expected head. `headDeleted`: the expected head is older than what is kept.
   */
  readonly kind: 'missing' | 'misplaced' | 'changed' | 'anchor' | 'otherHead' | 'cutOff' | 'headDeleted'
  readonly sequence: number
  /** One sentence for people. */
  readonly explanation: string
}

/** How far a part of the chain was followed. */
export interface ChainCheck {
  readonly position: ChainPosition
  /** Links that fit. */
  readonly count: number
  readonly broken?: ChainBreak
}

/** Where every chain begins: before its first record. */
export const chainOrigin: ChainPosition = { sequence: 0, hash: '0'.repeat(64) }

/** The text of a record in its place; `body` is its JSON object without the number. */
export function linkText(sequence: number, body: string): string {
  return `{"sequence":${sequence},${body.slice(1)}`
}

/** SHA-256 over the hash before in hex, a line feed and the text: a shell can compute it too. */
export function chainHash(previousHash: string, text: string): string {
  return hash('sha256', `${previousHash}\n${text}`)
}

/** The link that follows `previous`. */
export function nextLink(previous: ChainPosition, body: string): ChainLink {
  const sequence = previous.sequence + 1
  const text = linkText(sequence, body)
  return { sequence, hash: chainHash(previous.hash, text), text }
}

/** Follows the chain from `after` over links in their order, until one does not fit. */
export function checkLinks(after: ChainPosition, links: Iterable<ChainLink>, expectedHead?: ChainPosition): ChainCheck {
  let position = after
  let count = 0
  for (const link of links) {
    const broken = findBreak(position, link) ?? differentHead(link, expectedHead)
    if (broken) return { position, count, broken }
    position = { sequence: link.sequence, hash: link.hash }
    count += 1
  }
  return { position, count }
}

/** What an expected head says about the place where a chain begins. */
export function differentHead(position: ChainPosition, expected: ChainPosition | undefined): ChainBreak | undefined {
  if (expected?.sequence !== position.sequence || expected.hash === position.hash) return undefined
  const { sequence } = expected
  const explanation = `Record ${sequence} has another hash than the expected head: it, or something before it, was written anew.`
  return { kind: 'otherHead', sequence, explanation }
}

function findBreak(position: ChainPosition, link: ChainLink): ChainBreak | undefined {
  const { sequence } = link
  const due = position.sequence + 1
  if (sequence !== due) {
    const missing = sequence - due === 1 ? `Record ${due} is` : `Records ${due} to ${sequence - 1} are`
    return { kind: 'missing', sequence: due, explanation: `${missing} missing.` }
  }
  if (!link.text.startsWith(`{"sequence":${sequence},`)) {
    return {
      kind: 'misplaced',
      sequence,
      explanation: `What stands in the place of record ${sequence} is not that one.`,
    }
  }
  if (chainHash(position.hash, link.text) === link.hash) return undefined
  const explanation = `Record ${sequence} does not match its hash: it was changed, or the one before it together with its hash.`
  return { kind: 'changed', sequence, explanation }
}
