import { readFileSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { type HostsBlock, readHostsBlocks, readHostsEntries, withHostsBlock, withoutHostsBlocks } from './hosts-text.ts'
import { changeFile } from './replace-file.ts'

/** What a {@link HostsFile} works with. */
export interface HostsFileOptions {
  readonly path: string
  /** Tells this connector from others of the machine. */
  readonly id: string
  /** Where this connector answers while it runs. */
  readonly socketPath: string
  /** How often is looked whether somebody has written the file anew without our block, in ms. Default 5 s. */
  readonly watchIntervalMs?: number
  /** What went wrong behind the scenes. */
  readonly onProblem: (error: unknown) => void
}

const defaultWatchIntervalMs = 5_000

/** Keeps the names of a connector in a hosts file, in a block of its own, until it is told to take them out. */
export class HostsFile {
  readonly #options: HostsFileOptions
  #lines: readonly string[] = []
  #seen = ''
  #watch: NodeJS.Timeout | undefined
  #turn: Promise<void> = Promise.resolve()
  #removed = false

  constructor(options: HostsFileOptions) {
    this.#options = options
  }

  /**
   * Has exactly these lines in the block from now on; blocks that dead connectors left behind go.
   *
   * @throws {RelayError} InvalidConfiguration when the file may not be changed.
   */
  async set(lines: readonly string[]): Promise<void> {
    this.#lines = lines
    this.#removed = false
    await this.#inTurn(() => this.#write())
    const { watchIntervalMs = defaultWatchIntervalMs } = this.#options
    if (!this.#removed) this.#watch ??= setInterval(() => void this.#look(), watchIntervalMs)
  }

  /** Takes the block out. */
  async remove(): Promise<void> {
    clearInterval(this.#watch)
    this.#watch = undefined
    this.#removed = true
    const { path, id } = this.#options
    await this.#inTurn(() => changeFile(path, (text) => withoutHostsBlocks(text, (block) => block.id === id)))
  }

  async #write(): Promise<void> {
    const { path, id, socketPath } = this.#options
    const dead = await abandonedBlocks(path, id)
    await changeFile(path, (text) => {
      const swept = withoutHostsBlocks(text, (block) => dead.has(block.id))
      return withHostsBlock(swept, { id, socketPath, lines: this.#lines })
    })
    this.#seen = await fingerprint(path)
  }

  /** In its turn, so that a block that is being taken out is not written again. */
  async #look(): Promise<void> {
    try {
      await this.#inTurn(() => this.#restore())
    } catch (error) {
      this.#options.onProblem(error)
    }
  }

  async #restore(): Promise<void> {
    const { path, id } = this.#options
    if (this.#removed || (await fingerprint(path)) === this.#seen) return
    const block = readHostsBlocks(await readFile(path, 'utf8')).find((each) => each.id === id)
    if (block?.lines.join('\n') === this.#lines.join('\n') || this.#lines.length === 0) {
      this.#seen = await fingerprint(path)
    } else await this.#write()
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }
}

/**
 * Takes out of a hosts file what connectors left behind that do not run any more.
 *
 * @returns the blocks that were taken out.
 * @throws {RelayError} InvalidConfiguration when the file may not be changed.
 */
export async function cleanHostsFile(path: string): Promise<readonly HostsBlock[]> {
  const dead = await abandonedBlocks(path)
  if (dead.size > 0) await changeFile(path, (text) => withoutHostsBlocks(text, ({ id }) => dead.has(id)))
  return [...dead.values()]
}

/** Says whether an address stands for another host in a hosts file, outside the block of one connector. */
export function foreignAddresses(path: string, ownId: string): (address: string, host: string) => boolean {
  let entries: ReadonlyMap<string, ReadonlySet<string>>
  try {
    entries = readHostsEntries(readFileSync(path, 'utf8'), ownId)
  } catch {
    return () => false
  }
  return (address, host) => {
    const names = entries.get(address)
    return names !== undefined && !names.has(host)
  }
}

async function abandonedBlocks(path: string, ownId?: string): Promise<ReadonlyMap<string, HostsBlock>> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const dead = new Map<string, HostsBlock>()
  for (const block of readHostsBlocks(text)) {
    if (block.id !== ownId && !(await answers(block.socketPath))) dead.set(block.id, block)
  }
  return dead
}

/** Whoever may not be asked is there. */
function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ENOENT' && code !== 'ECONNREFUSED'))
  })
}

async function fingerprint(path: string): Promise<string> {
  const { mtimeMs, ino, size } = await stat(path)
  return `${mtimeMs} ${ino} ${size}`
}
