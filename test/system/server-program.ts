import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'

const readyTimeoutMs = 20_000
const betweenTriesMs = 50
const lifeMs = 600_000

/** How to start a server, and how to see that it is ready: what it says, or a TCP port that it opens. */
export interface ServerProgramOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly ready: RegExp | number
}

/** A server of the system in the foreground; whoever starts it gives it a port and a folder of its own. */
export class ServerProgram implements AsyncDisposable {
  readonly #program: ChildProcessByStdio<null, Readable, Readable>
  readonly #closed: Promise<unknown>
  #said = ''

  private constructor({ command, args }: ServerProgramOptions) {
    // Without an input: a socket there, as pipes of Node are, makes some servers believe that inetd has started them.
    this.#program = spawn(command, args, {
      env: { ...process.env, PATH: systemPath },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: lifeMs,
      killSignal: 'SIGKILL',
    })
    this.#closed = once(this.#program, 'close')
    for (const stream of [this.#program.stdout, this.#program.stderr]) this.#collect(stream)
  }

  static async start(options: ServerProgramOptions): Promise<ServerProgram> {
    const server = new ServerProgram(options)
    const signal = AbortSignal.timeout(readyTimeoutMs)
    const { ready } = options
    while (!(typeof ready === 'number' ? await isOpen(ready) : ready.test(server.#said))) {
      if (signal.aborted || server.#program.exitCode !== null) {
        await server[Symbol.asyncDispose]()
        throw new Error(`${options.command} is not ready: ${server.#said}`)
      }
      await wait(betweenTriesMs)
    }
    return server
  }

  /** Whole processes are killed: none of these servers has anything to save. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#program.kill('SIGTERM')
    const timer = setTimeout(() => this.#program.kill('SIGKILL'), 3_000)
    await this.#closed
    clearTimeout(timer)
  }

  /** What it says is read to the end, so that it never blocks. */
  #collect(stream: Readable): void {
    stream.on('data', (chunk: Buffer) => {
      this.#said = `${this.#said}${chunk.toString()}`.slice(-8192)
    })
  }
}

/** Debian keeps servers in sbin, where not every user looks. */
const systemPath = `${process.env['PATH']}:/usr/sbin:/sbin`

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
