import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'

/** A program of the system that a test has started: input and output are the test's. */
export type RunningProgram = ChildProcessByStdio<Writable, Readable, Readable>

/** How a program is started. */
export interface ProgramOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Given to the program's standard input, which is closed then. */
  readonly input?: string
  /** Numeric user, of whom the group has the same number unless said otherwise. */
  readonly uid?: number
  readonly gid?: number
  /** Killed after this time. Default 60 s. */
  readonly timeoutMs?: number
}

/** What came of a program. */
export interface ProgramResult {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

/** Starts a program; it is killed when its time is over. */
export function startProgram(command: string, args: readonly string[], options: ProgramOptions = {}): RunningProgram {
  const { env, uid, gid = uid, timeoutMs = 60_000 } = options
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    ...(uid !== undefined && { uid, gid }),
  })
  // A program may end before it has read its input; its exit code says why.
  child.stdin.on('error', () => {})
  return child
}

/** Runs a program to its end and gives everything it printed. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const child = startProgram(command, args, options)
  const closed = once(child, 'close')
  child.stdin.end(options.input)
  const [stdout, stderr] = await Promise.all([buffer(child.stdout), text(child.stderr), closed])
  return { code: child.exitCode, stdout, stderr }
}

/** Runs a program that must succeed; what it printed, without the last line end. */
export async function output(command: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runProgram(command, args, options)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${stderr}${stdout.toString()}`)
  return stdout.toString().trimEnd()
}

/**
 * Why a test cannot run here, as `skip` wants it: the programs that are missing and how to get them. Loud in the list of
 * skipped tests, and a failure in CI.
 */
export function missingPrograms(packageOf: Readonly<Record<string, string>>): string | false {
  const missing = Object.keys(packageOf).filter((program) => spawnSync('which', [program]).status !== 0)
  if (missing.length === 0) return false
  const packages = [...new Set(missing.map((program) => packageOf[program]))]
  return `NOT TESTED: ${missing.join(', ')} missing: apt install ${packages.join(' ')}`
}
