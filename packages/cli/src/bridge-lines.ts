import type { Logger, LogLevel } from '@postern/program'

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
    write(`${new Date(now()).toISOString()} ${describeEvent(event, fields)}\n`)
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
      return `${String(message)} Trying again.`
    case 'forwarder.connection-failed':
      return String(message)
    default: {
      const details = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
      return [`${name}:`, event.replace(/^forwarder\./, '').replace('-', ' '), ...details].join(' ')
    }
  }
}
