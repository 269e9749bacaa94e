import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import type { Command } from './namespace-commands.ts'

/** What service managers, shells and people send to a program; it is passed on to the program that we run. */
const passedOn = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

/** Those that a terminal sends to all programs of the foreground, ours included, at the press of a key or its end. */
const fromTerminal: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGHUP'])

/** What {@link runInForeground} works with. */
export interface ForegroundProgramOptions {
  readonly env?: NodeJS.ProcessEnv
  /** Where signals come from. Default `process`. */
  readonly signals?: Pick<NodeJS.Process, 'on' | 'off'>
  /** Whether a terminal sends its signals to the program by itself. Default: looked up. */
  readonly isInForeground?: () => boolean
}

/**
 * Runs a program to its end as if it had been started in place of this one: with our input, output and terminal, in our process
 * group, and with the signals that come to us.
 * @returns its exit code, or 128 plus the number of the signal that ended it
 */
export function runInForeground(command: Command, options: ForegroundProgramOptions = {}): Promise<number> {
  const { env = process.env, signals = process, isInForeground = isForegroundOfTerminal } = options
  const [program, ...args] = command
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  // From before the program begins: it may be quick, or whoever wants to end it.
  const pass = (signal: NodeJS.Signals): void => {
    if (fromTerminal.has(signal) && isInForeground()) return
    child.kill(signal)
  }
  for (const signal of passedOn) signals.on(signal, pass)
  const child = spawn(program, args, { env, stdio: 'inherit' })
  child.once('error', reject)
  child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']))
  return promise.finally(() => {
    for (const signal of passedOn) signals.off(signal, pass)
  })
}

/** True when our process group is the one that the keys of our terminal go to. */
function isForegroundOfTerminal(): boolean {
  try {
    // proc(5): behind the name in parentheses stand state, parent, process group, session, terminal, its foreground group.
    const stat = readFileSync('/proc/self/stat', 'utf8')
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return group === foreground
  } catch {
    return false
  }
}
