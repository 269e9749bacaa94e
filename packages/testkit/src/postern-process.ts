import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../cli/src/main.ts', import.meta.url))

/** Bound for each step: a busy machine with two cores needs a tenth of it. */
const stepTimeoutMs = 30_000

export interface PosternOptions {
  readonly cwd?: string
  /** Added to an environment without variables of ours. */
  readonly env?: Readonly<Record<string, string>>
  /** All of its standard input. Default: none. */
  readonly input?: string | Uint8Array
}

/** How a command ended. */
export interface PosternResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The command line `postern`, run from source as a process of its own. Disposing kills it if it still runs. */
export class PosternProcess implements AsyncDisposable {
  stdout = ''
  stderr = ''
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  constructor(args: readonly string[], { cwd, env, input }: PosternOptions = {}) {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(?:POSTERN_|NODE_TEST_CONTEXT)/.test(name))
    this.#child = spawn(process.execPath, ['--conditions=@postern/source', main, ...args], {
      ...(cwd !== undefined && { cwd }),
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    // Whoever ends before it has read all is no fault of the test's.
    this.#child.stdin?.on('error', () => {}).end(input)
    this.#ended = once(this.#child, 'close')
  }

  /** Runs a command to its end. */
  static async run(args: readonly string[], options?: PosternOptions): Promise<PosternResult> {
    await using postern = new PosternProcess(args, options)
    // Awaited here: leaving the block kills it.
    return await postern.end()
  }

  /** Waits until one of the outputs matches; fails with all output when the process ends before. */
  async waitFor(output: 'stdout' | 'stderr', pattern: RegExp): Promise<RegExpExecArray> {
    const signal = AbortSignal.timeout(stepTimeoutMs)
    for (;;) {
      const match = pattern.exec(this[output])
      if (match) return match
      if (this.#child.exitCode !== null || signal.aborted) {
        throw new Error(`${pattern} did not come on ${output}:\n${this.stdout}\n${this.stderr}`)
      }
      const more = this.#child[output]
      if (more) await Promise.race([once(more, 'data', { signal }).catch(() => {}), this.#ended])
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Waits for the end. */
  async end(): Promise<PosternResult> {
    const timer = setTimeout(() => this.kill('SIGKILL'), stepTimeoutMs)
    await this.#ended
    clearTimeout(timer)
    return { code: this.#child.exitCode, stdout: this.stdout, stderr: this.stderr }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL')
    await this.#ended
  }
}
