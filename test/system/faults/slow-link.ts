import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type RunningProgram, startProgram } from '../run-program.ts'

const script = fileURLToPath(new URL('./slow-link.py', import.meta.url))
const maxLifeMs = 600_000

/** Two network devices joined by a program that holds every packet for a while: `tc netem` is missing in many kernels. */
export class SlowLink implements AsyncDisposable {
  readonly #program: RunningProgram

  private constructor(program: RunningProgram) {
    this.#program = program
  }

  /** Makes the devices where `enter` leads; they may be moved to other network namespaces. */
  static async start(options: {
    readonly enter: readonly string[]
    readonly ends: readonly [string, string]
    readonly delayMs: number
  }): Promise<SlowLink> {
    const { enter, ends, delayMs } = options
    const [command = '', ...args]: readonly string[] = [...enter, 'python3', script, ...ends, String(delayMs)]
    const program = startProgram(command, args, { timeoutMs: maxLifeMs })
    await Promise.race([
      once(program.stdout, 'data', { signal: AbortSignal.timeout(20_000) }),
      once(program, 'exit').then(() => {
        throw new Error('the slow link has ended')
      }),
    ])
    return new SlowLink(program)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#program.exitCode !== null || this.#program.signalCode !== null) return
    const ended = once(this.#program, 'exit')
    this.#program.stdin.end()
    await ended
  }
}
