import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { MessageQueue } from '@postern/testkit'

/** The slowest command on a busy machine: the first one loads some hundred modules. */
const replyTimeoutMs = 120_000

/** One of our scripts around a Python client: a line of JSON in, a line of JSON out. */
export class PythonProcess implements Disposable {
  readonly #child: ChildProcess
  readonly #replies = new MessageQueue<unknown>()
  #said = ''
  #last: Promise<unknown> = Promise.resolve()

  /** @param script beside this file */
  constructor(
    script: string,
    { python, environment }: { readonly python: string; readonly environment: NodeJS.ProcessEnv },
  ) {
    this.#child = spawn(python, [fileURLToPath(new URL(script, import.meta.url))], {
      env: { ...process.env, ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const { stdout, stderr } = this.#child
    if (stdout) createInterface({ input: stdout }).on('line', (line) => this.#replies.push(JSON.parse(line)))
    stderr?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString()
    })
    this.#child.once('error', (error) => this.#replies.fail(error))
    this.#child.once('exit', (code, signal) =>
      this.#replies.fail(new Error(`${script} ended with ${signal ?? code}: ${this.#said}`)),
    )
  }

  /** One request after the other, however many are asked for at once. */
  ask<Reply>(request: unknown): Promise<Reply> {
    const turn = this.#last.then(async () => {
      this.#child.stdin?.write(`${JSON.stringify(request)}\n`)
      return (await this.#replies.next(replyTimeoutMs)) as Reply
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL')
  }
}
