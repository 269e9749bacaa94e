import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { TestOutcome } from './test-reporter.ts'

/** What came of one test file. */
export interface TestFileResult {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly skipped: readonly TestOutcome[]
  /** The tests that failed, with what they threw. */
  readonly failures: readonly TestOutcome[]
  /** What went wrong with the file itself, besides its tests: killed, no test in it, processes left behind. */
  readonly problems: readonly string[]
  readonly durationMs: number
  /** Everything it printed; empty when it was shown live. */
  readonly output: string
}

export interface TestFileOptions {
  readonly root: string
  readonly timeoutMs: number
  /** Show the output while it is made, instead of handing it back. */
  readonly live: boolean
  /** Run only tests whose full name matches this regular expression. */
  readonly namePattern?: string
  readonly signal: AbortSignal
}

// A test's children get this long to follow their parent before they count as left behind.
const leftoverGraceMs = 3_000

const reporter = fileURLToPath(new URL('./test-reporter.ts', import.meta.url))

/** Runs one test file in a process group of its own, so that a time-out ends it with everything it started. */
export async function runTestFile(file: string, options: TestFileOptions): Promise<TestFileResult> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-test-'))
  const outcomes = join(folder, 'outcomes')
  const startedAt = performance.now()
  try {
    const end = await runProcess(file, options, outcomes)
    return summarise(file, readOutcomes(outcomes), end, performance.now() - startedAt)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface ProcessEnd {
  readonly code: number | null
  readonly output: string
  readonly timedOutAfterMs?: number
  readonly leftovers: boolean
}

async function runProcess(file: string, options: TestFileOptions, outcomes: string): Promise<ProcessEnd> {
  const { NODE_TEST_CONTEXT: _outer, ...environment } = process.env
  const args = ['--conditions=@postern/source', `--test-reporter=${reporter}`]
  if (options.namePattern !== undefined) args.push(`--test-name-pattern=${options.namePattern}`)
  const child = spawn(process.execPath, [...args, file], {
    cwd: options.root,
    env: { ...environment, POSTERN_TEST_OUTCOMES: outcomes, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}) },
    stdio: ['ignore', options.live ? 'inherit' : 'pipe', options.live ? 'inherit' : 'pipe'],
    detached: process.platform !== 'win32',
  })
  const output: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => output.push(chunk))
  let timedOut = false
  const kill = (): void => void signalGroup(child.pid, 'SIGKILL')
  const timer = setTimeout(() => {
    timedOut = true
    kill()
  }, options.timeoutMs)
  options.signal.addEventListener('abort', kill, { once: true })
  const { promise: exited, resolve, reject } = Promise.withResolvers<number | null>()
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  child.once('error', reject).once('exit', resolve).once('close', close)
  try {
    const code = await exited
    const leftovers = !timedOut && !options.signal.aborted && (await hasLeftovers(child.pid))
    kill()
    await closed
    return {
      code,
      leftovers,
      output: Buffer.concat(output).toString(),
      ...(timedOut ? { timedOutAfterMs: options.timeoutMs } : {}),
    }
  } finally {
    clearTimeout(timer)
    options.signal.removeEventListener('abort', kill)
  }
}

/** Sends a signal to a whole process group; false when nobody is left in it. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false
  try {
    return process.kill(process.platform === 'win32' ? pid : -pid, signal)
  } catch {
    return false
  }
}

async function hasLeftovers(pid: number | undefined): Promise<boolean> {
  const deadline = performance.now() + leftoverGraceMs
  while (signalGroup(pid, 0)) {
    if (performance.now() > deadline) return hasLivingMember(pid)
    await wait(50)
  }
  return false
}

/** In a container whose first process does not collect orphans, what has ended still answers signals: /proc tells them apart. */
function hasLivingMember(group: number | undefined): boolean {
  if (process.platform !== 'linux') return true
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      const [state, , itsGroup] = readStat(pid)
      return Number(itsGroup) === group && state !== 'Z'
    })
}

/** The fields of /proc/PID/stat after the command name: state, parent, process group ... */
function readStat(pid: string): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}

function readOutcomes(file: string): TestOutcome[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as TestOutcome)
}

function summarise(
  file: string,
  outcomes: readonly TestOutcome[],
  end: ProcessEnd,
  durationMs: number,
): TestFileResult {
  const count = (outcome: TestOutcome['outcome']): number => outcomes.filter((one) => one.outcome === outcome).length
  const failures = outcomes.filter((one) => one.outcome === 'failed')
  return {
    file,
    passed: count('passed'),
    failed: failures.length,
    failures,
    skipped: outcomes.filter((one) => one.outcome === 'skipped'),
    problems: findProblems(outcomes, end, failures.length),
    durationMs,
    output: end.output,
  }
}

function findProblems(outcomes: readonly TestOutcome[], end: ProcessEnd, failed: number): string[] {
  if (end.timedOutAfterMs !== undefined) {
    const doing = unfinished(outcomes)
    const what = doing.length > 0 ? `in: ${doing.join(', ')}` : 'with no test under way: an open handle or a busy loop'
    return [`killed after ${end.timedOutAfterMs / 1_000} s ${what}`]
  }
  const problems: string[] = []
  if (end.code !== 0 && failed === 0) problems.push(`the process ended with exit code ${end.code ?? 'none (killed)'}`)
  if (end.leftovers) problems.push('left processes running behind')
  return problems
}

function unfinished(outcomes: readonly TestOutcome[]): string[] {
  const open: string[] = []
  for (const { outcome, name } of outcomes) {
    if (outcome === 'started') open.push(name)
    else if (open.includes(name)) open.splice(open.indexOf(name), 1)
  }
  return open
}
