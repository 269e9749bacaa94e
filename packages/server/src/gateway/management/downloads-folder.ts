import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** One file that anybody may fetch. */
export interface Download {
  readonly name: string
  readonly bytes: number
  /** 64 hexadecimal digits. */
  readonly sha256: string
  /** Of the small ones, which were read with the list: they belong together. */
  readonly content?: Uint8Array
}

/** The list of checksums: it says what there is. */
export const sumsName = 'SHA256SUMS'
/** Its signature, and the key that verifies it. */
export const signatureName = 'SHA256SUMS.sig'
export const publicKeyName = 'release-key.pub.pem'

/** A list of a few hundred files. */
const maxListBytes = 64 * 1024
/** As `npm run dist` calls them. Nothing that leads out of the folder, and nothing that HTML or a header could take amiss. */
const line = /^([0-9a-f]{64}) [ *]([A-Za-z0-9][A-Za-z0-9._+~-]{0,199})$/

/** What a folder of releases offers: the files that its SHA256SUMS names, and no others. */
export class DownloadsFolder {
  readonly #path: string
  #seen = ''
  #downloads: ReadonlyMap<string, Download> = new Map()

  constructor(path: string) {
    this.#path = path
  }

  /** Read again when it has changed. Without a list there is nothing. */
  async list(): Promise<ReadonlyMap<string, Download>> {
    const state = await this.#state()
    if (state !== this.#seen) {
      this.#downloads = await this.#read()
      this.#seen = state
    }
    return this.#downloads
  }

  /** Opens one of the large files; nothing when it is gone or is not as long any more as when the list was read. */
  async open({ name, bytes }: Download): Promise<FileHandle | undefined> {
    const file = await this.#openFile(name)
    if (!file || (await file.stat()).size === bytes) return file
    await file.close()
    return undefined
  }

  /** The list and its signature are replaced one after the other: both count. */
  async #state(): Promise<string> {
    const facts = await Promise.all(
      [sumsName, signatureName, publicKeyName].map((name) => stat(join(this.#path, name)).catch(() => undefined)),
    )
    return facts.map((fact) => (fact ? `${fact.ino} ${fact.mtimeMs} ${fact.size}` : '-')).join(', ')
  }

  async #read(): Promise<ReadonlyMap<string, Download>> {
    const small = await Promise.all([sumsName, signatureName, publicKeyName].map((name) => this.#readSmall(name)))
    const [sums] = small
    if (!sums?.content) return new Map()
    const named = Buffer.from(sums.content)
      .toString()
      .split('\n')
      .flatMap((text) => {
        const [, sha256, name] = line.exec(text) ?? []
        return name === undefined || sha256 === undefined ? [] : [{ name, sha256 }]
      })
    const large = await Promise.all(named.map((one) => this.#measure(one)))
    const all = [...small, ...large].filter((one) => one !== undefined)
    return new Map(all.map((one) => [one.name, one]))
  }

  async #readSmall(name: string): Promise<Download | undefined> {
    const file = await this.#openFile(name)
    if (!file) return undefined
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(maxListBytes + 1), 0, maxListBytes + 1, 0)
      if (bytesRead > maxListBytes) return undefined
      const content = buffer.subarray(0, bytesRead)
      return { name, bytes: bytesRead, sha256: createHash('sha256').update(content).digest('hex'), content }
    } finally {
      await file.close()
    }
  }

  async #measure({ name, sha256 }: Pick<Download, 'name' | 'sha256'>): Promise<Download | undefined> {
    const file = await this.#openFile(name)
    if (!file) return undefined
    try {
      return { name, bytes: (await file.stat()).size, sha256 }
    } finally {
      await file.close()
    }
  }

  async #openFile(name: string): Promise<FileHandle | undefined> {
    // A link leads out of the folder; a pipe would hold up whoever opens it.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
    const file = await open(join(this.#path, name), flags).catch(() => undefined)
    if (file === undefined) return undefined
    const facts = await file.stat().catch(() => undefined)
    if (facts?.isFile()) return file
    await file.close()
    return undefined
  }
}
