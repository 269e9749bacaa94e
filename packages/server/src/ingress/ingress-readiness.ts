import type { Logger } from '@postern/program'
import type { IngressEntry } from '../domain/ingress-entry.ts'
import { ingressKey } from '../domain/ingress-status.ts'
import type { Health, HealthPage } from '../telemetry/health.ts'
import { describeProblems, type IngressProblem, type WantedIngress } from './ingress-ports.ts'
import type { RelayReach } from './relay-reach.ts'

export interface IngressReadinessOptions {
  readonly health: Health
  readonly relay: Pick<RelayReach, 'isAway' | 'accepts'>
  readonly log: Logger
  /** What a line about readiness says besides. */
  readonly facts: () => Record<string, unknown>
}

/**
 * Whether a process of `postern ingress` may be sent devices: its relay is there and takes them, and a port is open. Without that it
 * has no use, and a load balancer may know another one that has. What serves some entries and not others is ready, and degraded.
 */
export class IngressReadiness {
  readonly #options: IngressReadinessOptions
  #wanted: readonly WantedIngress[] = []
  #closed: ReadonlySet<IngressEntry> = new Set()
  #problems = ''
  #faults: ReadonlyMap<string, string> = new Map()
  #told: boolean | undefined

  constructor(options: IngressReadinessOptions) {
    this.#options = options
  }

  get isReady(): boolean {
    const { health, relay } = this.#options
    return health.state === 'ready' && !relay.isAway && this.#wanted.some((each) => this.#serves(each))
  }

  /** `/readyz`: `{"status":"ready","degraded":false,"reasons":[]}` */
  get page(): HealthPage {
    return {
      contentType: 'application/json; charset=utf-8',
      render: async () => {
        const { health } = this.#options
        const { isReady } = this
        const status = health.state === 'ready' && !isReady ? 'not-ready' : health.state
        const body = { status, degraded: health.reasons.length > 0, reasons: health.reasons }
        return { status: isReady ? 200 : 503, text: `${JSON.stringify(body)}\n` }
      },
    }
  }

  /** These are wanted from now on. */
  replaceEntries(wanted: readonly WantedIngress[]): void {
    const { health } = this.#options
    this.#wanted = wanted
    if (wanted.length === 0) health.report('entries', 'the file has no ingress entry')
    else health.clear('entries')
  }

  /** These have no port. */
  replaceProblems(problems: readonly IngressProblem[]): void {
    const { health, log } = this.#options
    this.#closed = new Set(problems.flatMap(({ wanted }) => wanted.map(({ entry }) => entry)))
    const text = describeProblems(problems)
    if (text === '') health.clear('ingress')
    else health.report('ingress', text)
    // Ports are tried again every few seconds; the log hears of what is new.
    if (text !== '' && text !== this.#problems) log.error('ingress.port-failed', { message: text })
    this.#problems = text
  }

  /** These have a file that cannot be used, and let nobody in: what is wrong by `ingressKey`. */
  replaceFaults(faults: ReadonlyMap<string, string>): void {
    const { health, log } = this.#options
    for (const [ingress, message] of faults) {
      if (this.#faults.get(ingress) !== message) log.error('ingress.file-unusable', { ingress, message })
    }
    for (const ingress of this.#faults.keys()) if (!faults.has(ingress)) log.info('ingress.file-usable', { ingress })
    this.#faults = faults
    const lines = [...faults].map(([ingress, message]) => `ingress ${ingress}: ${message}`)
    if (lines.length === 0) health.clear('files')
    else health.report('files', lines.join('; '))
  }

  /** Writes a line when it has become ready, or is so no more. */
  tell(): void {
    const { health, log, facts } = this.#options
    const { isReady } = this
    if (health.state !== 'ready' || isReady === this.#told) return
    this.#told = isReady
    if (isReady) log.info('ingress.ready', facts())
    else log.warn('ingress.not-ready', { ...facts(), reasons: health.reasons.map(({ message }) => message) })
  }

  #serves({ owner, entry }: WantedIngress): boolean {
    if (this.#closed.has(entry) || this.#faults.has(ingressKey(owner, entry.name))) return false
    return this.#options.relay.accepts(entry.hybridConnection)
  }
}
