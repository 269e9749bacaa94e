import { randomUUID } from 'node:crypto'
import type { Logger } from '@postern/program'
import type { ErrorCode } from '@postern/protocol'
import type { IngressEntry } from '../domain/ingress-entry.ts'
import type { RemoteEndpoint } from '../domain/remote-endpoint.ts'
import type { Counters } from '../telemetry/counters.ts'
import { toLogText } from '../telemetry/log-text.ts'
import { RefusalWindow } from '../telemetry/refusal-window.ts'
import type { EntryCounting } from './entry-counting.ts'
import type { IngressConnection, IngressEnd, IngressEvents, IngressRefusal } from './ingress-events.ts'

export interface IngressLogOptions {
  readonly log: Logger
  readonly counters: Counters
  readonly counting: EntryCounting
  /** @returns true when the error is about this process, and is told by another line once for all devices */
  readonly isOwnTrouble: (entry: IngressEntry, code: ErrorCode) => boolean
}

/** There is no audit log beside a relay that keeps one: the relay records the connections, this process the devices. */
export class IngressLog implements IngressEvents {
  readonly #options: IngressLogOptions
  readonly #log: Logger
  readonly #counting: EntryCounting
  readonly #window: RefusalWindow
  #open = 0
  #isCutting = false
  #onAllClosed: () => void = () => {}

  constructor(options: IngressLogOptions) {
    const { log, counting } = options
    this.#options = options
    this.#log = log
    this.#counting = counting
    this.#window = new RefusalWindow((leftOut) => log.warn('ingress.refused.more', { ...leftOut }))
  }

  /** From now on it is this process that ends devices. Resolves when the last one has its line. */
  cutting(): Promise<void> {
    this.#isCutting = true
    return this.#open === 0 ? Promise.resolve() : new Promise((resolve) => (this.#onAllClosed = resolve))
  }

  /** Writes what was left out, for the end of the process. */
  close(): void {
    this.#window.close()
  }

  onRefused({ code, entry, port, remote, reason, trackingId = randomUUID() }: IngressRefusal): void {
    this.#options.counters.refused(code, 'ingress')
    if (entry) this.#counting.refused(entry, code)
    const fields = {
      code,
      port,
      ...(entry && { ingress: this.#nameOf(entry) }),
      remote: remote.address,
      reason: toLogText(reason),
      trackingId,
    }
    if (entry && this.#options.isOwnTrouble(entry, code)) return this.#log.debug('ingress.refused', fields)
    if (this.#window.take(remote.address, code)) this.#log.info('ingress.refused', fields)
  }

  onOpened({ entry, remote, trackingId }: IngressConnection): void {
    this.#open += 1
    this.#counting.opened(entry)
    this.#log.debug('ingress.joined', { ingress: this.#nameOf(entry), remote: remote.address, trackingId })
  }

  onSignedIn(entry: IngressEntry, remote: RemoteEndpoint, user: string): void {
    this.#counting.signedIn(entry)
    const ingress = this.#nameOf(entry)
    this.#log.info('ingress.signed-in', { ingress, user, remote: `${remote.address}:${remote.port}` })
  }

  onRequest(entry: IngressEntry): void {
    this.#counting.requested(entry)
  }

  onBytes(entry: IngressEntry, bytes: number): void {
    this.#counting.passed(entry, bytes)
  }

  onDropped(entry: IngressEntry): void {
    this.#counting.dropped(entry)
  }

  onClosed({ entry, remote, trackingId, user }: IngressConnection, { error, ...end }: IngressEnd): void {
    this.#counting.closed(entry)
    this.#log.info('ingress.closed', {
      ingress: this.#nameOf(entry),
      remote: `${remote.address}:${remote.port}`,
      trackingId,
      ...(user !== undefined && { user }),
      ...end,
      ...(error && { reason: this.#isCutting ? cutReason : toLogText(error.message) }),
    })
    this.#open -= 1
    if (this.#open === 0) this.#onAllClosed()
  }

  /** As the relay calls it. */
  #nameOf(entry: IngressEntry): string {
    return `${this.#counting.namespaceOf(entry)}/${entry.name}`
  }
}

/** What the other end is told of it says that this one gave up. */
const cutReason = 'This process has stopped, and the device was still there at the end of --drain-timeout'
