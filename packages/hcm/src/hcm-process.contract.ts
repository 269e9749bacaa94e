import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { signal } from './hcm-bed.contract.ts'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

/** Runs the program `hcm` with a state folder. */
export function startHcm(folder: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, ['--conditions=@postern/source', main, ...args], {
    env: { ...process.env, POSTERN_HCM_DIR: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** What a command that has ended said. */
export interface HcmResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command to its end. */
export function runHcmCommand(folder: string, ...args: string[]): Promise<HcmResult> {
  return endOf(startHcm(folder, args))
}

/** Waits for the end of a command. */
export async function endOf(program: ChildProcess): Promise<HcmResult> {
  const [stdout, stderr, [code]] = await Promise.all([
    text(program.stdout!),
    text(program.stderr!),
    once(program, 'close', { signal: signal() }),
  ])
  return { code: code as number, stdout, stderr }
}

/** Starts a service as a process of its own and waits until it takes commands. */
export async function startService(
  t: TestContext,
  folder: string,
  args: readonly string[] = [],
): Promise<{ readonly program: ChildProcess; readonly log: () => string }> {
  const program = startHcm(folder, ['run', '--no-tls', '--json', ...args])
  t.after(() => program.kill('SIGKILL'))
  let log = ''
  program.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk
  })
  while (!log.includes('hcm.started')) {
    if (program.exitCode !== null) throw new Error(log)
    await once(program.stderr!, 'data', { signal: signal() })
  }
  return { program, log: () => log }
}
