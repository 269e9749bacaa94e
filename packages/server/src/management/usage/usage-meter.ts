import type { EntityUsage } from '../../domain/namespace-usage.ts'
import type { EntityCounters } from '../../telemetry/counters.ts'
import type { DocumentWriter } from '../document-writer.ts'
import { addUsage, monthOf, noUsage } from './usage-sum.ts'
import { writeUsage } from './write-usage.ts'

/** One hybrid connection as it is at this moment. */
export interface UsageSample {
  readonly counters: EntityCounters
  /** Listeners that count: control channels of one listener are one. */
  readonly listeners: number
}

export interface UsageMeterOptions extends DocumentWriter {
  /** Everything that is counted, each time anew. */
  readonly sample: () => Iterable<UsageSample>
  readonly now: () => Date
  /** Usage that could not be written is kept and written with the next. */
  readonly onError: (error: unknown) => void
}

/** What somebody listens for less than this may go unseen. */
const sampleIntervalMs = 5000
const samplesPerFlush = 12

/** What of a hybrid connection has been counted already. */
interface Seen {
  readonly counters: EntityCounters
  readonly bytes: number
  readonly connections: number
  readonly listeners: number
}

/**
 * Counts what each hybrid connection uses, and adds it once a minute, and at the end, to the month of its namespace: one
 * write for each namespace that used anything.
 */
export class UsageMeter {
  readonly #options: UsageMeterOptions
  readonly #timer: NodeJS.Timeout
  #seen = new Map<string, Seen>()
  #sampledAtMs: number
  /** By namespace, then month, then hybrid connection: what has not been written yet. */
  #pending = new Map<string, Map<string, Map<string, EntityUsage>>>()
  #samples = 0
  #flushing: Promise<void> = Promise.resolve()

  constructor(options: UsageMeterOptions) {
    this.#options = options
    this.#sampledAtMs = options.now().getTime()
    this.#timer = setInterval(() => this.#tick(), sampleIntervalMs)
    this.#timer.unref()
    this.#take()
  }

  /** Counts up to this moment and writes all of it. */
  async flush(): Promise<void> {
    this.#take()
    this.#flushing = this.#flushing.then(() => this.#write())
    await this.#flushing
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }

  #tick(): void {
    this.#samples += 1
    if (this.#samples % samplesPerFlush === 0) void this.flush()
    else this.#take()
  }

  #take(): void {
    const now = this.#options.now()
    // A clock that was set, or a machine that slept, is not paid for.
    const elapsedMs = Math.min(Math.max(now.getTime() - this.#sampledAtMs, 0), sampleIntervalMs * 2)
    this.#sampledAtMs = now.getTime()
    const month = monthOf(now)
    const seen = new Map<string, Seen>()
    for (const { counters, listeners } of this.#options.sample()) {
      const key = `${counters.namespace}/${counters.name}`
      const before = this.#seen.get(key)
      if (before && before.counters !== counters)
        this.#count(month, before, before.counters, { elapsedMs, listeners: 0 })
      this.#count(month, before?.counters === counters ? before : undefined, counters, { elapsedMs, listeners })
      const { bytesTransferred: bytes, senderConnectionsSuccess: connections } = counters
      seen.set(key, { counters, bytes, connections, listeners })
    }
    for (const [key, gone] of this.#seen) {
      if (!seen.has(key)) this.#count(month, gone, gone.counters, { elapsedMs, listeners: 0 })
    }
    this.#seen = seen
  }

  /** What was there at the last sample has been there since; what is new counts from now on. */
  #count(
    month: string,
    before: Seen | undefined,
    counters: EntityCounters,
    { elapsedMs, listeners }: { readonly elapsedMs: number; readonly listeners: number },
  ): void {
    const usage: EntityUsage = {
      listenerSeconds: ((before?.listeners ?? 0) * elapsedMs) / 1000,
      peakListeners: listeners,
      bytes: counters.bytesTransferred - (before?.bytes ?? 0),
      connections: counters.senderConnectionsSuccess - (before?.connections ?? 0),
    }
    if (usage.listenerSeconds + usage.peakListeners + usage.bytes + usage.connections === 0) return
    const months = getOrMake(this.#pending, counters.namespace, () => new Map<string, Map<string, EntityUsage>>())
    const entities = getOrMake(months, month, () => new Map<string, EntityUsage>())
    entities.set(counters.name, addUsage(entities.get(counters.name) ?? noUsage, usage))
  }

  async #write(): Promise<void> {
    const pending = this.#pending
    this.#pending = new Map()
    for (const [namespace, months] of pending) {
      for (const [month, entities] of months) {
        try {
          await writeUsage(this.#options, { namespace, month, entities, now: this.#options.now() })
        } catch (error) {
          this.#keep(namespace, month, entities)
          this.#options.onError(error)
        }
      }
    }
  }

  #keep(namespace: string, month: string, entities: ReadonlyMap<string, EntityUsage>): void {
    const months = getOrMake(this.#pending, namespace, () => new Map<string, Map<string, EntityUsage>>())
    const kept = getOrMake(months, month, () => new Map<string, EntityUsage>())
    for (const [name, usage] of entities) kept.set(name, addUsage(kept.get(name) ?? noUsage, usage))
  }
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const standing = map.get(key)
  if (standing !== undefined) return standing
  const made = make()
  map.set(key, made)
  return made
}
