import type { Logger, LogLevel } from '@postern/program'

/** The same failure again is worth a line once a minute: a bridge tries for ever. */
const repeatAfterMs = 60_000

const order: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 }

export interface BridgeLinesOptions {
  /** `debug` also says each connection. Default `info`. */
  readonly level?: LogLevel
  readonly write: (line: string) => unknown
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number
}

/** Writes the events of forwarders as sentences for the person who started the bridge. */
export class BridgeLines implements Logger {
  readonly #options: BridgeLinesOptions
  readonly #saidAtMs = new Map<string, number>()

  constructor(options: BridgeLinesOptions) {
    this.#options = options
  }

  error(event: string, fields: Record<string, unknown> = {}): void {
    this.#say('error', event, fields)
  }

  warn(event: string, fields: Record<string, unknown> = {}): void {
    this.#say('warn', event, fields)
  }

  info(event: string, fields: Record<string, unknown> = {}): void {
    this.#say('info', event, fields)
  }

  debug(event: string, fields: Record<string, unknown> = {}): void {
    this.#say('debug', event, fields)
  }

  child(): Logger {
    return this
  }

  #say(level: LogLevel, event: string, fields: Record<string, unknown>): void {
    const { write, now = Date.now, level: lowest = 'info' } = this.#options
    if (order[level] > order[lowest]) return
    const text = describeEvent(event, fields)
    const at = now()
    if (event === 'forwarder.online') this.#saidAtMs.clear()
    if (level === 'warn') {
      if (at - (this.#saidAtMs.get(text) ?? Number.NEGATIVE_INFINITY) < repeatAfterMs) return
      this.#saidAtMs.set(text, at)
    }
    write(`${new Date(at).toISOString()} ${text}\n`)
  }
}

function describeEvent(event: string, fields: Record<string, unknown>): string {
  const { relay, targets, addresses, message, ...rest } = fields
  const name = String(relay)
  switch (event) {
    case 'forwarder.listening':
      return `${name}: online, ${String(addresses)} leads to the relay`
    case 'forwarder.online':
      return `${name}: online, the relay leads to ${String(targets)}`
    case 'forwarder.offline':
      return `${String(message)}${trustHint(String(message))} Trying again.`
    case 'forwarder.connection-failed':
      return String(message)
    default: {
      const details = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      return [`${name}:`, event.replace(/^forwarder\./, '').replace('-', ' '), ...details].join(' ')
    }
  }
}

/** OpenSSL's words for a chain that ends in an authority that nobody trusts here. */
function trustHint(message: string): string {
  return /unable to (?:verify|get)|self-signed/.test(message) ? ' Give its CA file with --tls-ca FILE.' : ''
}
