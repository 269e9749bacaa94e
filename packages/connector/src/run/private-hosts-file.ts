import { type FileHandle, mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatPrivateHosts } from './private-hosts.ts'

/**
 * A hosts file for one program. What is mounted is the file, not its name: it is always written in place, and its name can go
 * as soon as it is mounted, so that a crash leaves nothing behind.
 */
export class PrivateHostsFile implements AsyncDisposable {
  readonly path: string
  readonly #folder: string
  readonly #file: FileHandle
  readonly #realPath: string
  /** Writes follow one another. */
  #last: Promise<void> = Promise.resolve()
  #bytes = 0

  private constructor(folder: string, file: FileHandle, realPath: string) {
    this.#folder = folder
    this.#file = file
    this.#realPath = realPath
    this.path = join(folder, 'hosts')
  }

  /** Makes the file with the content of the real one and the lines of the endpoints. */
  static async create(endpoints: readonly string[], realPath = '/etc/hosts'): Promise<PrivateHostsFile> {
    const folder = await mkdtemp(join(tmpdir(), 'postern-connector-'))
    // A program of root may give up its rights and must still be able to read it.
    const hosts = new PrivateHostsFile(folder, await open(join(folder, 'hosts'), 'wx', 0o644), realPath)
    await hosts.#file.chmod(0o644)
    await hosts.write(endpoints)
    return hosts
  }

  /** Replaces the content. The real file is read anew. */
  write(endpoints: readonly string[]): Promise<void> {
    const written = this.#last.then(() => this.#write(endpoints))
    this.#last = written.catch(() => {})
    return written
  }

  /** Takes the name away; the content stays for who has it mounted or open. */
  async unlink(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last
    await this.#file.close()
    await this.unlink()
  }

  async #write(endpoints: readonly string[]): Promise<void> {
    const text = formatPrivateHosts(await readFile(this.#realPath, 'utf8').catch(() => ''), endpoints)
    // One write of the whole, never shorter than before: a reader meets no half of a file, as it would after a truncation.
    this.#bytes = Math.max(this.#bytes, Buffer.byteLength(text))
    const content = Buffer.alloc(this.#bytes, '\n')
    content.write(text)
    await this.#file.write(content, 0, content.length, 0)
  }
}
