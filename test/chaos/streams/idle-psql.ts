import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { type RunningProgram, startProgram } from '../../system/run-program.ts'

const answerTimeoutMs = 60_000

/** A session of psql that waits for its user. */
export class IdlePsql implements AsyncDisposable {
  readonly #program: RunningProgram
  readonly #lines: Interface
  #said = ''

  /** @param environment leads psql to the database */
  constructor(environment: Readonly<Record<string, string>>) {
    const args = ['--no-psqlrc', '--tuples-only', '--no-align', '--quiet']
    this.#program = startProgram('psql', args, { env: environment, timeoutMs: 1_800_000 })
    this.#program.stderr.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString()
    })
    this.#lines = createInterface({ input: this.#program.stdout })
  }

  /** One value. */
  async ask(expression: string): Promise<string> {
    const answer = once(this.#lines, 'line', { signal: AbortSignal.timeout(answerTimeoutMs) })
    this.#program.stdin.write(`select ${expression};\n`)
    const gone = once(this.#lines, 'close', { signal: AbortSignal.timeout(answerTimeoutMs) }).then(() => {
      throw new Error(`psql has ended: ${this.#said}`)
    })
    gone.catch(() => {})
    const [line] = (await Promise.race([answer, gone])) as [string]
    return line
  }

  /** Leaves as a user does; what psql complained about until then is an error. */
  async quit(): Promise<void> {
    const closed = once(this.#program, 'close')
    this.#program.stdin.end('\\q\n')
    await closed
    assert.deepEqual([this.#program.exitCode, this.#said], [0, ''])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#program.exitCode !== null || this.#program.signalCode !== null) return
    const closed = once(this.#program, 'close')
    this.#program.kill('SIGKILL')
    await closed
  }
}
