import type { Logger } from './logger.ts'

/** The same failure again is worth a line once a minute: programs of ours try for ever. */
const repeatAfterMs = 60_000
/** Failures that are remembered; where there are more, some are said too often. */
const maxFailures = 1_000

type Fields = Record<string, unknown>

/** Writes a failure that has just been said at the level `debug`, until a minute is over or something has changed there. */
export class RareLines implements Logger {
  readonly #output: Logger
  readonly #now: () => number
  readonly #saidAtMs = new Map<string, number>()

  /** @param now milliseconds since any moment. */
  constructor(output: Logger, now: () => number = () => performance.now()) {
    this.#output = output
    this.#now = now
  }

  error(event: string, fields?: Fields): void {
    this.#output.error(event, fields)
  }

  warn(event: string, fields: Fields = {}): void {
    const { message } = fields
    if (typeof message === 'string' && this.#isRepeated(`${subjectOf(fields)}${event} ${message}`))
      this.#output.debug(event, fields)
    else this.#output.warn(event, fields)
  }

  info(event: string, fields: Fields = {}): void {
    const subject = subjectOf(fields)
    for (const failure of this.#saidAtMs.keys()) if (failure.startsWith(subject)) this.#saidAtMs.delete(failure)
    this.#output.info(event, fields)
  }

  debug(event: string, fields?: Fields): void {
    this.#output.debug(event, fields)
  }

  child(fields: Fields): Logger {
    return new RareLines(this.#output.child(fields), this.#now)
  }

  #isRepeated(failure: string): boolean {
    const nowMs = this.#now()
    const isRepeated = nowMs - (this.#saidAtMs.get(failure) ?? Number.NEGATIVE_INFINITY) < repeatAfterMs
    if (isRepeated) return true
    // Behind the others, which are older.
    this.#saidAtMs.delete(failure)
    this.#saidAtMs.set(failure, nowMs)
    const [oldest] = this.#saidAtMs.keys()
    if (this.#saidAtMs.size > maxFailures && oldest !== undefined) this.#saidAtMs.delete(oldest)
    return false
  }
}

/** Whose failure it is: what happens to one hybrid connection says nothing of another. */
function subjectOf({ relay, name }: Fields): string {
  return `${String(relay)}\0${String(name)}\0`
}
