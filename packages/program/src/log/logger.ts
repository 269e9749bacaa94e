import pino from 'pino'
import { redactFields } from './redact.ts'
import { formatLogLine } from './text-log.ts'

/** error: a person must act; warn: degraded; info: life cycle; debug: per connection. Nothing is logged per frame. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

/**
 * Writes one line for each event. `event` is a name in dotted lower case (`listener.connected`), never a sentence;
 * everything else is a field. Secrets, authorization headers and tokens in URLs are masked.
 */
export interface Logger {
  error(event: string, fields?: Record<string, unknown>): void
  warn(event: string, fields?: Record<string, unknown>): void
  info(event: string, fields?: Record<string, unknown>): void
  debug(event: string, fields?: Record<string, unknown>): void
  /** A logger whose lines carry these fields too; a field of the line itself wins. */
  child(fields: Record<string, unknown>): Logger
}

export interface LoggerOptions {
  /** Default `info`. */
  readonly level?: LogLevel
  /** `json`: one object a line; `text`: for people. Default `json`. */
  readonly format?: 'json' | 'text'
  /** Where lines go, each ended by a line feed. Default standard error, so that standard output stays for results. */
  readonly destination?: { write(line: string): unknown }
  /** Gets every line besides, as JSON whatever the format is. */
  readonly record?: { write(line: string): unknown }
}

/** Makes a logger whose lines have `level` as a word, ISO `time` and `event`, in this order, before the fields. */
export function createLogger(options: LoggerOptions = {}): Logger {
  // Written at once: the last lines before an exit are the ones that matter.
  const target = options.destination ?? pino.destination({ fd: 2, sync: true })
  const { format, record } = options
  const write = (line: string): void => {
    target.write(format === 'text' ? formatLogLine(line) : line)
    record?.write(line)
  }
  const output = pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  )
  return new PinoLogger(output, {})
}

/** Drops everything. */
export const silentLogger: Logger = {
  error() {},
  warn() {},
  info() {},
  debug() {},
  child: () => silentLogger,
}

class PinoLogger implements Logger {
  readonly #output: pino.Logger
  readonly #bound: Record<string, unknown>

  constructor(output: pino.Logger, bound: Record<string, unknown>) {
    this.#output = output
    this.#bound = bound
  }

  error(event: string, fields?: Record<string, unknown>): void {
    this.#write('error', event, fields)
  }

  warn(event: string, fields?: Record<string, unknown>): void {
    this.#write('warn', event, fields)
  }

  info(event: string, fields?: Record<string, unknown>): void {
    this.#write('info', event, fields)
  }

  debug(event: string, fields?: Record<string, unknown>): void {
    this.#write('debug', event, fields)
  }

  child(fields: Record<string, unknown>): Logger {
    return new PinoLogger(this.#output, { ...this.#bound, ...redactFields(fields) })
  }

  #write(level: LogLevel, event: string, fields: Record<string, unknown> | undefined): void {
    if (!this.#output.isLevelEnabled(level)) return
    this.#output[level]({ event, ...this.#bound, ...(fields === undefined ? undefined : redactFields(fields)) })
  }
}
