import type { ErrorCode } from '@postern/protocol'
import type { IngressEntry } from '../domain/ingress-entry.ts'
import type { Counters, IngressCounters } from '../telemetry/counters.ts'
import type { WantedIngress } from './ingress-ports.ts'

/** Counts what devices do, by entry. An entry that is gone goes on with counters of its own, which nobody is shown. */
export class EntryCounting {
  readonly #counters: Counters
  readonly #owners = new WeakMap<IngressEntry, { readonly namespace: string; readonly own: IngressCounters }>()

  constructor(counters: Counters) {
    this.#counters = counters
  }

  /** Tells whose entry it is, before its first device comes. */
  begin({ owner, entry }: WantedIngress): void {
    this.#owners.set(entry, { namespace: owner, own: this.#counters.ingress(owner, entry.name) })
  }

  /** These entries are wanted: the series of all others are shown no more. */
  keep(wanted: readonly WantedIngress[]): void {
    this.#counters.keepIngresses(wanted.map(({ owner, entry }) => ({ namespace: owner, name: entry.name })))
  }

  /** Empty for an entry that was never told. */
  namespaceOf(entry: IngressEntry): string {
    return this.#owners.get(entry)?.namespace ?? ''
  }

  refused(entry: IngressEntry, code: ErrorCode): void {
    this.#of(entry)?.refused(code)
  }

  opened(entry: IngressEntry): void {
    const own = this.#of(entry)
    if (!own) return
    own.connections += 1
    own.activeConnections += 1
  }

  closed(entry: IngressEntry): void {
    const own = this.#of(entry)
    if (own) own.activeConnections -= 1
  }

  signedIn(entry: IngressEntry): void {
    const own = this.#of(entry)
    if (own) own.signIns += 1
  }

  requested(entry: IngressEntry): void {
    const own = this.#of(entry)
    if (own) own.httpRequests += 1
  }

  passed(entry: IngressEntry, bytes: number): void {
    const own = this.#of(entry)
    if (own) own.bytes += bytes
  }

  dropped(entry: IngressEntry): void {
    const own = this.#of(entry)
    if (own) own.droppedDatagrams += 1
  }

  #of(entry: IngressEntry): IngressCounters | undefined {
    return this.#owners.get(entry)?.own
  }
}
