import type { Logger } from '@postern/program'

/** Lines of one event in a window: a line costs 50 us, so that these take 5 ms of a second. */
const maxLines = 100
const windowMs = 1_000

/** The events of which thousands may come at once, and what sums up those of a second that were left out. */
const summaries = {
  'listener.connected': 'listener.connected.more',
  'listener.disconnected': 'listener.disconnected.more',
} as const

type BurstEvent = keyof typeof summaries

/** The lines of one event since the window began. */
interface Burst {
  lines: number
  leftOut: number
  /** Of those that were left out, by what they were about; see {@link BurstLog.info}. */
  readonly subjects: Map<string, number>
}

/**
 * Writes lines of which thousands may come at once, as when a network breaks and all listeners of it come again: the first hundred
 * of an event in a second, and one line at the end of that second that says how many were left out.
 */
export class BurstLog {
  readonly #log: Logger
  readonly #bursts = new Map<BurstEvent, Burst>()
  #timer: NodeJS.Timeout | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  /** @param subject what the line is about, a word of few: the summary names that of which the most lines were left out */
  info(event: BurstEvent, subject: string, fields: Readonly<Record<string, unknown>>): void {
    let burst = this.#bursts.get(event)
    if (burst === undefined) this.#bursts.set(event, (burst = { lines: 0, leftOut: 0, subjects: new Map() }))
    this.#timer ??= setTimeout(() => this.#end(), windowMs).unref()
    if (burst.lines < maxLines) {
      burst.lines += 1
      this.#log.info(event, fields)
      return
    }
    burst.leftOut += 1
    burst.subjects.set(subject, (burst.subjects.get(subject) ?? 0) + 1)
  }

  /** Tells what was left out, for the end of the process. */
  close(): void {
    this.#end()
  }

  #end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const [event, { leftOut, subjects }] of this.#bursts) {
      if (leftOut === 0) continue
      const [most] = [...subjects].toSorted(([, a], [, b]) => b - a)
      const seconds = windowMs / 1000
      this.#log.info(summaries[event], { count: leftOut, seconds, mostAbout: most?.[0] })
    }
    this.#bursts.clear()
  }
}
