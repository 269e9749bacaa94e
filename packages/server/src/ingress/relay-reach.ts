import type { Logger } from '@postern/program'
import { type ErrorCode, isRelayError } from '@postern/protocol'
import type { Health } from '../telemetry/health.ts'

/** How a relay is looked at from outside. */
export interface RelayProbe {
  /** Rejects when the relay cannot be reached, or is not to be trusted. Asked every few seconds: it should leave no trace there. */
  reach(signal: AbortSignal): Promise<void>
  /**
   * Rejects with the relay's refusal when this process may not send to a hybrid connection.
   * @param isDoubted it is not enough that the relay knows the credential: it must have the right too
   */
  ask(hybridConnection: string, options: { readonly signal: AbortSignal; readonly isDoubted: boolean }): Promise<void>
}

export interface RelayReachOptions {
  readonly probe: RelayProbe
  readonly health: Health
  readonly log: Logger
  /** Called after each look. */
  readonly onLooked?: () => void
  /** From the end of one look to the next. Default 5 s. */
  readonly intervalMs?: number | undefined
  /** A refused hybrid connection is asked for again after so long. Default 10 s: each time is a line in the relay's log. */
  readonly refusedIntervalMs?: number | undefined
}

const defaultIntervalMs = 5000
const defaultRefusedIntervalMs = 10_000
/** An accepted one: each time is an audit record, and a key that was taken back shows at the next device anyway. */
const acceptedIntervalMs = 60_000

/** A relay that takes longer to answer serves nobody. */
const timeoutMs = 5000
/** A file may name a thousand hybrid connections. */
const maxAsking = 8
/** Reasons are for people. */
const maxNamed = 3

/** The relay knows who asks, and says no to this process: every device would hear the same. */
const refusalCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TokenMissing',
  'TokenMalformed',
  'TokenSignatureInvalid',
  'TokenRuleUnknown',
  'TokenExpired',
  'TokenNotYetValid',
  'TokenAudienceInvalid',
  'RightMissing',
  'AccessDenied',
  'ActionDisabled',
  'AddressNotAllowed',
  'EndpointNotFound',
])

const unreachableCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ConnectionFailed',
  'ConnectTimeout',
  'CertificateOutOfDate',
  'ProxyConnectFailed',
])

/** Why the relay says no to this process, or nothing can be asked of it. */
interface Refusal {
  readonly code: ErrorCode | undefined
  readonly reason: string
  readonly help: string | undefined
}

interface Asked {
  readonly atMs: number
  readonly refusal: Refusal | undefined
}

/** Looks again and again whether the relay is there and takes what this process sends, and says in `/readyz` when it does not. */
export class RelayReach {
  readonly #options: RelayReachOptions
  readonly #stopping = new AbortController()
  readonly #asked = new Map<string, Asked>()
  readonly #doubted = new Set<string>()
  #names: readonly string[] = []
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> = Promise.resolve()
  #away: Refusal | undefined
  #loggedRefusals = ''

  constructor(options: RelayReachOptions) {
    this.#options = options
  }

  /** As it was found last. */
  get isAway(): boolean {
    return this.#away !== undefined
  }

  /** Whether the relay takes what is for a hybrid connection, as it was found last; one that is new is hoped for. */
  accepts(hybridConnection: string): boolean {
    return this.#asked.get(hybridConnection)?.refusal === undefined
  }

  /** These are asked for from the next look on. */
  follow(hybridConnections: Iterable<string>): void {
    const names = new Set(hybridConnections)
    this.#names = [...names]
    for (const name of this.#asked.keys()) if (!names.has(name)) this.#asked.delete(name)
  }

  /**
   * A device met this error on its way.
   * @returns true when it is about this process and not about the device: it is looked at, and told once
   */
  doubt(hybridConnection: string, code: ErrorCode): boolean {
    if (unreachableCodes.has(code)) return this.isAway
    // The same code says that an entry does not let a device in.
    if (!refusalCodes.has(code) || code === 'AddressNotAllowed') return false
    this.#doubted.add(hybridConnection)
    return true
  }

  /** Looks now, and from now on. */
  look(): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look())
    return this.#looking
  }

  stop(): void {
    this.#stopping.abort()
    clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    const { probe, onLooked, intervalMs = defaultIntervalMs } = this.#options
    const { signal } = this.#stopping
    clearTimeout(this.#timer)
    try {
      await probe.reach(AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]))
      await this.#askAll()
      if (signal.aborted) return
      this.#tellBack()
      this.#tellRefusals()
    } catch (error) {
      if (signal.aborted) return
      this.#tellAway(refusalOf(error))
    }
    this.#timer = setTimeout(() => void this.look(), intervalMs).unref()
    onLooked?.()
  }

  /** @throws whatever says that the relay is not there */
  async #askAll(): Promise<void> {
    const due = this.#names.filter((name) => this.#isDue(name))
    const askNext = async (): Promise<void> => {
      for (let name = due.pop(); name !== undefined; name = due.pop()) await this.#ask(name)
    }
    await Promise.all(Array.from({ length: maxAsking }, askNext))
  }

  #isDue(name: string): boolean {
    const asked = this.#asked.get(name)
    if (!asked || this.isAway || this.#doubted.has(name)) return true
    const { refusedIntervalMs = defaultRefusedIntervalMs } = this.#options
    return performance.now() >= asked.atMs + (asked.refusal ? refusedIntervalMs : acceptedIntervalMs)
  }

  async #ask(name: string): Promise<void> {
    const known = this.#asked.get(name)
    const isDoubted = this.#doubted.delete(name) || !known || known.refusal !== undefined
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(timeoutMs)])
    let refusal: Refusal | undefined
    try {
      await this.#options.probe.ask(name, { signal, isDoubted })
    } catch (error) {
      if (!isRelayError(error) || !refusalCodes.has(error.code)) throw error
      refusal = refusalOf(error)
    }
    this.#asked.set(name, { atMs: performance.now(), refusal })
  }

  #tellAway(away: Refusal): void {
    const { health, log } = this.#options
    health.report('relay', `the relay cannot be reached: ${sentence(away)}`)
    if (this.#away?.reason !== away.reason) log.error('ingress.relay-lost', { reason: sentence(away) })
    this.#away = away
    // It may have other keys when it is back.
    this.#loggedRefusals = ''
  }

  #tellBack(): void {
    const wasAway = this.isAway
    this.#away = undefined
    this.#options.health.clear('relay')
    if (wasAway) this.#options.log.info('ingress.relay-back')
  }

  #tellRefusals(): void {
    const { health, log } = this.#options
    const refused = this.#names.flatMap((name) => {
      const refusal = this.#asked.get(name)?.refusal
      return refusal ? [{ name, refusal }] : []
    })
    const [first] = refused
    if (first) {
      const { refusal } = first
      const names = refused.slice(0, maxNamed).map(({ name }) => `"${name}"`)
      const more = refused.length > maxNamed ? ` and ${refused.length - maxNamed} more` : ''
      const where = `${names.join(', ')}${more}`
      health.report('relay', `the relay refuses this process at ${where}: ${sentence(refusal)}`)
    }
    const told = refused.map(({ name, refusal }) => `${name} ${refusal.code}`).join('\n')
    if (told === this.#loggedRefusals) return
    this.#loggedRefusals = told
    if (!first) return log.info('ingress.relay-accepts')
    const { code, reason, help } = first.refusal
    const hybridConnections = refused.map(({ name }) => name)
    log.error('ingress.relay-refuses', { code, hybridConnections, reason, ...(help !== undefined && { help }) })
  }
}

/** Without what is another one each time: a reason that stays is told once. */
function refusalOf(error: unknown): Refusal {
  const text = error instanceof Error ? error.message : String(error)
  const reason = text.replace(/[.,;]?\s*TrackingId:.*$/s, '')
  if (!isRelayError(error)) return { code: undefined, reason, help: undefined }
  return { code: error.code, reason, help: error.help }
}

function sentence({ reason, help }: Refusal): string {
  return help === undefined ? reason : `${reason.replace(/\.$/, '')}. ${help}`
}
