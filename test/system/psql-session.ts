import { createHash } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { text } from 'node:stream/consumers'
import { type RunningProgram, startProgram } from './run-program.ts'

const place = ['--host=db.corp', '--username=postgres', '--no-psqlrc', '--tuples-only', '--no-align', '--quiet']
const patienceMs = 40_000

function startPsql(enter: readonly string[], args: readonly string[]): RunningProgram {
  // Line by line, although it writes into a pipe.
  const words = ['-oL', 'psql', ...place, ...args, 'postgres']
  const [command, ...rest] = [...enter, 'stdbuf', ...words] as const
  return startProgram(command ?? '', rest, { env: { PGCONNECT_TIMEOUT: '30' }, timeoutMs: 180_000 })
}

/** How psql ended. */
interface PsqlEnd {
  readonly code: number | null
  readonly stderr: string
}

async function endOf(child: RunningProgram): Promise<PsqlEnd> {
  const closed = once(child, 'close')
  const stderr = await text(child.stderr)
  await closed
  return { code: child.exitCode, stderr }
}

/** One session of psql at db.corp that stays open, as a person has it. */
export class PsqlSession implements AsyncDisposable {
  /** Settles when psql has ended. */
  readonly ended: Promise<PsqlEnd>
  readonly #child: RunningProgram
  readonly #lines = new EventEmitter<{ said: [] }>()
  #said = ''

  private constructor(enter: readonly string[]) {
    this.#child = startPsql(enter, [])
    this.ended = endOf(this.#child)
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString()
      this.#lines.emit('said')
    })
  }

  /** `enter` comes before the command and runs it where the application is. */
  static async open(enter: readonly string[]): Promise<PsqlSession> {
    const session = new PsqlSession(enter)
    await session.ask('1')
    return session
  }

  /** The value of an expression; rejects when the session ends. */
  async ask(expression: string): Promise<string> {
    this.#said = ''
    this.#child.stdin.write(`select ${expression};\n`)
    const signal = AbortSignal.timeout(patienceMs)
    const gone = this.ended.then(({ code, stderr }) => {
      throw new Error(`psql ended with ${code}: ${stderr}`)
    })
    while (!this.#said.includes('\n')) await Promise.race([once(this.#lines, 'said', { signal }), gone])
    return this.#said.trimEnd()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin.end()
    this.#child.kill('SIGTERM')
    await this.ended
  }
}

const rows = 6_000
const repeats = 96

/** A transfer out of the database that goes on only while somebody reads: about 18 MB. */
export class PsqlTransfer implements AsyncDisposable {
  /** Hash of the whole. */
  static readonly wholeHash: string = hashOfRows()
  readonly ended: Promise<PsqlEnd>
  readonly #child: RunningProgram
  readonly #hash = createHash('sha256')
  #bytes = 0

  private constructor(enter: readonly string[]) {
    const select = `select i, repeat(md5(i::text), ${repeats}) from generate_series(1, ${rows}) as i`
    this.#child = startPsql(enter, ['--command', `copy (${select}) to stdout`])
    this.ended = endOf(this.#child)
    this.#child.stdout.pause()
  }

  /** Resolves when the first bytes have come. */
  static async begin(enter: readonly string[]): Promise<PsqlTransfer> {
    const transfer = new PsqlTransfer(enter)
    await transfer.read(1)
    return transfer
  }

  /** Reads so many bytes more, at least. */
  async read(bytes: number): Promise<void> {
    const wanted = this.#bytes + bytes
    const signal = AbortSignal.timeout(patienceMs)
    while (this.#bytes < wanted) {
      const chunk = this.#child.stdout.read() as Buffer | null
      if (chunk) this.#take(chunk)
      else if (this.#child.stdout.readableEnded) throw new Error(`the transfer ended after ${this.#bytes} bytes`)
      else await Promise.race([once(this.#child.stdout, 'readable', { signal }), this.ended])
    }
  }

  /** Reads the rest; the hash of everything, and how psql ended. */
  async finish(): Promise<PsqlEnd & { readonly hash: string }> {
    for await (const chunk of this.#child.stdout) this.#take(chunk as Buffer)
    return { ...(await this.ended), hash: this.#hash.copy().digest('hex') }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM')
    this.#child.stdout.resume()
    await this.ended
  }

  #take(chunk: Buffer): void {
    this.#hash.update(chunk)
    this.#bytes += chunk.length
  }
}

function hashOfRows(): string {
  const hash = createHash('sha256')
  for (let row = 1; row <= rows; row += 1) {
    const cell = createHash('md5').update(String(row)).digest('hex')
    hash.update(`${row}\t${cell.repeat(repeats)}\n`)
  }
  return hash.digest('hex')
}
