import { openSync, writeSync } from 'node:fs'

/** One write of a storm, as its process noted it: `done` and `refused` were acknowledged, the others were under way. */
export interface StormWrite {
  readonly kind: 'put' | 'delete'
  readonly key: string
  /** What was to stand there; empty for a deletion. */
  readonly mark: string
  /** The revision that it demanded, if any. */
  readonly base?: string
  outcome: 'done' | 'refused' | 'pending'
  /** Of a put that is done. */
  revision?: string
}

/**
 * Notes what a process is about to write and what was acknowledged. Each line is one call of the system, so that it outlives
 * the process however it ends.
 */
export class WriteJournal {
  readonly #file: number
  #writes = 0

  constructor(path: string) {
    this.#file = openSync(path, 'a')
  }

  /** Notes a write before it is asked for; the number names it. */
  begin({ kind, key, mark, base = '-' }: Omit<StormWrite, 'outcome'>): number {
    this.#writes += 1
    this.#note(`begin ${this.#writes} ${kind} ${key} ${mark || '-'} ${base}`)
    return this.#writes
  }

  done(write: number, revision = '-'): void {
    this.#note(`done ${write} ${revision}`)
  }

  refused(write: number): void {
    this.#note(`refused ${write}`)
  }

  #note(line: string): void {
    writeSync(this.#file, `${line}\n`)
  }
}

/** Reads a journal; the writes are in the order in which they began. */
export function parseJournal(text: string): readonly StormWrite[] {
  const writes = new Map<string, StormWrite>()
  // What stands behind the last line feed was cut off by the end of the process.
  for (const line of text.split('\n').slice(0, -1)) {
    const [word, id = '', ...rest] = line.split(' ')
    if (word === 'begin') {
      const [kind, key = '', mark = '', base] = rest
      writes.set(id, {
        kind: kind === 'put' ? 'put' : 'delete',
        key,
        mark: mark === '-' ? '' : mark,
        ...(base !== undefined && base !== '-' && { base }),
        outcome: 'pending',
      })
      continue
    }
    const write = writes.get(id)
    if (!write) throw new Error(`the journal ends what it did not begin: ${line}`)
    write.outcome = word === 'done' ? 'done' : 'refused'
    if (rest[0] !== undefined && rest[0] !== '-') write.revision = rest[0]
  }
  return [...writes.values()]
}
