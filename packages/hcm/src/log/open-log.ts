import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createLogger, type Logger, type LoggerOptions, RotatingFile } from '@postern/program'

/** The log of a service: on standard error, and in its state folder. */
export interface OpenLog extends Disposable {
  readonly logger: Logger
  /** Undefined when no file is written. */
  readonly path: string | undefined
}

/** Where the log of a state folder is. */
export function logPath(folder: string): string {
  return join(folder, 'logs', 'hcm.log')
}

/** Opens the log. @throws what the system says when the file cannot be opened */
export function openLog(
  options: Required<Pick<LoggerOptions, 'level' | 'format'>> & {
    readonly folder: string
    /** 0 writes no file. */
    readonly maxBytes: number
  },
): OpenLog {
  const { folder, maxBytes, level, format } = options
  if (maxBytes === 0) return { logger: createLogger({ level, format }), path: undefined, [Symbol.dispose]: () => {} }
  const path = logPath(folder)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const record = new RotatingFile({ path, maxBytes })
  return { logger: createLogger({ level, format, record }), path, [Symbol.dispose]: () => record[Symbol.dispose]() }
}
