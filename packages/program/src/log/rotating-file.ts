import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'

/** What a {@link RotatingFile} keeps. */
export interface RotatingFileOptions {
  readonly path: string
  /** For both files together. */
  readonly maxBytes: number
}

const onlyOwner = 0o600

/**
 * A log file that never outgrows its bound: when it has half of it, it becomes `path.1` in place of the older one, and a
 * new one begins. Lines are written at once, so that the last ones before an end are there.
 */
export class RotatingFile implements Disposable {
  readonly #options: RotatingFileOptions
  #file: number | undefined
  #bytes = 0

  /** @throws what the system says when the file cannot be opened. */
  constructor(options: RotatingFileOptions) {
    this.#options = options
    this.#open()
  }

  /** Appends a line. A disk that is full or gone loses lines, never the program that writes them. */
  write(line: string): void {
    const bytes = Buffer.from(line)
    const maxBytes = Math.floor(this.#options.maxBytes / 2)
    if (bytes.length > maxBytes) return
    try {
      if (this.#bytes + bytes.length > maxBytes) this.#rotate()
      if (this.#file === undefined) this.#open()
      if (this.#file !== undefined) this.#bytes += writeSync(this.#file, bytes)
    } catch {
      // Standard error has the line too.
    }
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #open(): void {
    this.#file = openSync(this.#options.path, 'a', onlyOwner)
    this.#bytes = fstatSync(this.#file).size
  }

  #rotate(): void {
    const { path } = this.#options
    this[Symbol.dispose]()
    renameSync(path, `${path}.1`)
    this.#open()
  }
}
