import { type FileHandle, open } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { RelayError } from '@postern/protocol'

/** How often a log that is followed is looked at. */
const pollMs = 200
const chunkBytes = 65_536

/** The last lines of a log and of the one before it, oldest first. @throws {RelayError} ResourceNotFound */
export async function lastLines(path: string, count: number): Promise<readonly string[]> {
  const files = [await readLines(`${path}.1`), await readLines(path)]
  if (files.every((lines) => lines === undefined)) {
    throw new RelayError('ResourceNotFound', {
      message: `There is no log ${path}: the service has never run with this state folder, or writes none`,
      help: 'Start it: hcm run. Another folder: --state-dir.',
    })
  }
  return count === 0 ? [] : files.flatMap((lines) => lines ?? []).slice(-count)
}

/** Lines that are written from now on, across rotations, until `signal` says stop. */
export async function* followLines(path: string, signal: AbortSignal): AsyncGenerator<string> {
  let tail = await LogTail.open(path, 'end')
  try {
    for (;;) {
      yield* tail.newLines()
      await delay(pollMs, undefined, { signal })
      const successor = await tail.successor()
      if (!successor) continue
      // What was written to the old one after the last look.
      yield* tail.newLines()
      await tail.close()
      tail = successor
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    await tail.close()
  }
}

/** One file that is read as it grows. */
class LogTail {
  readonly #path: string
  readonly #file: FileHandle | undefined
  #position: number

  private constructor(path: string, file: FileHandle | undefined, position: number) {
    this.#path = path
    this.#file = file
    this.#position = position
  }

  static async open(path: string, from: 'begin' | 'end'): Promise<LogTail> {
    const file = await open(path, 'r').catch(() => undefined)
    return new LogTail(path, file, from === 'end' ? ((await file?.stat())?.size ?? 0) : 0)
  }

  /** Whole lines that came since the last call. */
  async *newLines(): AsyncGenerator<string> {
    if (this.#file === undefined) return
    let begun = Buffer.alloc(0)
    for (;;) {
      const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, this.#position)
      if (bytesRead === 0) break
      this.#position += bytesRead
      const bytes = Buffer.concat([begun, buffer.subarray(0, bytesRead)])
      const end = bytes.lastIndexOf('\n') + 1
      yield* bytes.toString('utf8', 0, end).split('\n').slice(0, -1)
      begun = bytes.subarray(end)
    }
    // It is read again when its end has come.
    this.#position -= begun.length
  }

  /** The file that has taken this one's name. */
  async successor(): Promise<LogTail | undefined> {
    const renewed = await LogTail.open(this.#path, 'begin')
    const [before, now] = [await this.#file?.stat(), await renewed.#file?.stat()]
    if (now !== undefined && now.ino !== before?.ino) return renewed
    await renewed.close()
    return undefined
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }
}

async function readLines(path: string): Promise<readonly string[] | undefined> {
  let file: FileHandle
  try {
    file = await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new RelayError('InvalidConfiguration', {
      message: `The log ${path} cannot be read (${(error as NodeJS.ErrnoException).code}); use the user that the service runs as, or root`,
      cause: error,
    })
  }
  try {
    return (await file.readFile('utf8')).split('\n').slice(0, -1)
  } finally {
    await file.close()
  }
}
