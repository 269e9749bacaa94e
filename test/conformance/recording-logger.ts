import type { Logger } from '@postern/program'
import type { TestRelay } from '@postern/testkit'
import { metricsPage } from './metrics.ts'

/** One log line before it is written: nothing is masked. */
export interface LogLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug'
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A logger that keeps every line, debug ones too. */
export class RecordingLogger implements Logger {
  readonly lines: LogLine[]
  readonly #bound: Readonly<Record<string, unknown>>

  constructor(lines: LogLine[] = [], bound: Readonly<Record<string, unknown>> = {}) {
    this.lines = lines
    this.#bound = bound
  }

  error(event: string, fields?: Record<string, unknown>): void {
    this.#add('error', event, fields)
  }

  warn(event: string, fields?: Record<string, unknown>): void {
    this.#add('warn', event, fields)
  }

  info(event: string, fields?: Record<string, unknown>): void {
    this.#add('info', event, fields)
  }

  debug(event: string, fields?: Record<string, unknown>): void {
    this.#add('debug', event, fields)
  }

  child(fields: Record<string, unknown>): Logger {
    return new RecordingLogger(this.lines, { ...this.#bound, ...fields })
  }

  /** The lines about refusals, of one code or of all. */
  refusals(code?: string): readonly LogLine[] {
    return this.lines.filter(({ event, fields }) => event === 'refused' && (!code || fields['code'] === code))
  }

  #add(level: LogLine['level'], event: string, fields: Record<string, unknown> = {}): void {
    this.lines.push({ level, event, fields: { ...this.#bound, ...fields } })
  }
}

/** `postern_refusals_total` by code. */
export async function refusalCounts(relay: TestRelay): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const [, code = '', count] of (await metricsPage(relay)).matchAll(
    /^postern_refusals_total\{code="(\w+)",stage="\w+"\} (\d+)$/gm,
  )) {
    counts[code] = (counts[code] ?? 0) + Number(count)
  }
  return counts
}
