import type { Logger } from '@postern/program'
import { type IngressStatus, ingressKey } from '../domain/ingress-status.ts'
import type { Health } from '../telemetry/health.ts'
import { describeProblems, type IngressProblem } from './ingress-ports.ts'

export interface IngressReportOptions {
  readonly health: Health
  readonly status: IngressStatus
  readonly log: Logger
}

/** Tells of entries that are not open, or let nobody in: state of the entry, log, and readiness. */
export class IngressReport {
  readonly #options: IngressReportOptions
  #closed: ReadonlyMap<string, string> = new Map()
  #unbound: readonly IngressProblem[] = []
  #faults: ReadonlyMap<string, string> = new Map()
  #logged = ''

  constructor(options: IngressReportOptions) {
    this.#options = options
  }

  /** Entries that are kept out of the ports. */
  replaceClosed(problems: ReadonlyMap<string, string>): void {
    this.#closed = problems
    this.#tell()
  }

  replaceUnbound(problems: readonly IngressProblem[]): void {
    this.#unbound = problems
    this.#tell()
  }

  /** Entries with a file that cannot be used. Only the resources file names files. */
  replaceFaults(faults: ReadonlyMap<string, string>): void {
    const { log } = this.#options
    for (const [ingress, message] of faults) {
      if (this.#faults.get(ingress) !== message) log.error('ingress.file-unusable', { ingress, message })
    }
    for (const ingress of this.#faults.keys()) if (!faults.has(ingress)) log.info('ingress.file-usable', { ingress })
    this.#faults = faults
    this.#tell()
  }

  #tell(): void {
    const { health, status, log } = this.#options
    const unbound = this.#unbound.flatMap(({ wanted, message }) =>
      wanted.map(({ owner, entry }) => [ingressKey(owner, entry.name), message] as const),
    )
    status.replace(new Map([...this.#faults, ...this.#closed, ...unbound]))
    const declared = this.#unbound.map(({ wanted, message }) => ({
      wanted: wanted.filter(({ isManaged }) => !isManaged),
      message,
    }))
    const text = describeProblems(declared.filter(({ wanted }) => wanted.length > 0))
    const reasons = [text, ...linesOf(this.#faults)].filter((line) => line !== '')
    if (reasons.length === 0) health.clear('ingress')
    else health.report('ingress', reasons.join('; '))
    const message = [...linesOf(this.#closed), describeProblems(this.#unbound)].filter((line) => line !== '').join('; ')
    // Ports are tried again every few seconds; the log hears of what is new.
    if (message !== '' && message !== this.#logged) log.error('ingress.port-failed', { message })
    this.#logged = message
  }
}

function linesOf(problems: ReadonlyMap<string, string>): readonly string[] {
  return [...problems].map(([ingress, message]) => `ingress ${ingress}: ${message}`)
}
