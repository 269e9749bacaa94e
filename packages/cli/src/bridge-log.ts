import { appendFileSync } from 'node:fs'
import type { BridgeLogLevel } from '@postern/bridge'
import { createLogger, type Logger, type LogLevel, RareLines, silentLogger } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { BridgeLines } from './bridge-lines.ts'

/** How the bridge says what happens. */
export interface BridgeLogOptions {
  readonly level: BridgeLogLevel
  /** Lines for machines. */
  readonly json: boolean
  /** Lines go there instead of standard error. */
  readonly file?: string
}

const levels: Readonly<Record<BridgeLogLevel, LogLevel | undefined>> = {
  none: undefined,
  quiet: undefined,
  fatal: 'error',
  error: 'error',
  info: 'info',
  verbose: 'debug',
  debug: 'debug',
  debug1: 'debug',
  debug2: 'debug',
  debug3: 'debug',
}

/**
 * Makes the log of a bridge.
 *
 * @throws {RelayError} InvalidConfiguration when the file cannot be written.
 */
export function createBridgeLog({ level, json, file }: BridgeLogOptions): Logger {
  const lowest = levels[level]
  if (lowest === undefined) return silentLogger
  const write = file === undefined ? (line: string) => process.stderr.write(line) : openFile(file)
  if (json) return createLogger({ level: lowest, format: 'json', destination: { write } })
  return new RareLines(new BridgeLines({ level: lowest, write }))
}

/** Opened anew for each line, so that a rotated file is let go; written at once, so that the last lines are there. */
function openFile(path: string): (line: string) => void {
  try {
    appendFileSync(path, '')
  } catch (cause) {
    const message = `The log file ${path} cannot be written: ${(cause as Error).message}`
    throw new RelayError('InvalidConfiguration', { message, cause })
  }
  return (line) => {
    try {
      appendFileSync(path, line)
    } catch {
      // A full disk takes the log away, not the tunnels.
    }
  }
}
