import { type FSWatcher, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { SecureContext } from 'node:tls'
import type { Logger } from '@postern/program'
import { RelayError } from '@postern/protocol'
import type { CertificatePair, CertificateSource } from './certificate-source.ts'
import { ChangeListeners } from './change-listeners.ts'
import { NamedCertificates } from './named-certificates.ts'
import { readPemPair } from './pem-pair.ts'
import type { TlsMinimum } from './server-context.ts'

/** A certificate chain (leaf first) and its key, PEM. Both may be the same file. */
export interface CertificateFilePair {
  /** Lower case, or `*.domain`: the name to answer for instead of those in the certificate. */
  readonly host?: string
  readonly certFile: string
  readonly keyFile: string
}

export interface CertificateFilesOptions {
  /** At least one. The first without a `host`, or else the first, answers clients that send no name or an unknown one. */
  readonly pairs: readonly CertificateFilePair[]
  /** Default `TLSv1.2`. */
  readonly minVersion?: TlsMinimum
  readonly logger: Logger
  /** How often files are read whatever the file system says: network and container mounts tell nothing. Default 30,000 ms. */
  readonly pollIntervalMs?: number
}

/** Certificate and key are often written one after the other: wait until a folder is quiet this long. */
const settleMs = 100

/** Certificates of PEM files, read again when they change. A file that became bad changes nothing. */
export class CertificateFiles implements CertificateSource {
  readonly #options: CertificateFilesOptions
  readonly #changes = new ChangeListeners()
  readonly #watchers: FSWatcher[] = []
  #texts: readonly string[] = []
  #lastRejection = ''
  #current: NamedCertificates | undefined
  #poll: NodeJS.Timeout | undefined
  #settling: NodeJS.Timeout | undefined
  #reading: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: CertificateFilesOptions) {
    this.#options = options
  }

  get defaultCertificate(): CertificatePair {
    return this.#certificates.defaultCertificate
  }

  /** @throws {RelayError} InvalidConfiguration naming the file that cannot be used */
  async start(): Promise<void> {
    const { pairs, pollIntervalMs = 30_000 } = this.#options
    this.#texts = await this.#readTexts()
    this.#current = this.#build(this.#texts)
    const folders = new Set(pairs.flatMap(({ certFile, keyFile }) => [dirname(certFile), dirname(keyFile)]))
    for (const folder of folders) {
      this.#watch(folder)
    }
    this.#poll = setInterval(() => void this.reload(), pollIntervalMs).unref()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#poll)
    clearTimeout(this.#settling)
    for (const watcher of this.#watchers.splice(0)) {
      watcher.close()
    }
    await this.#reading
  }

  secureContextFor(servername: string | undefined): SecureContext {
    return this.#certificates.contextFor(servername)
  }

  pairFor(servername: string | undefined): CertificatePair {
    return this.#certificates.pairFor(servername)
  }

  hasName(servername: string): boolean {
    return this.#certificates.has(servername)
  }

  onChange(callback: () => void): () => void {
    return this.#changes.add(callback)
  }

  /** Reads the files now, and takes them if they changed and are good. */
  reload(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#reloadOnce())
    return this.#reading
  }

  get #certificates(): NamedCertificates {
    if (this.#current === undefined) {
      throw new Error('the certificate files were not read yet')
    }
    return this.#current
  }

  /** The folder, not the file: a file that is replaced by renaming is another one for the operating system. */
  #watch(folder: string): void {
    const { logger } = this.#options
    try {
      const watcher = watch(folder, { persistent: false }, () => {
        clearTimeout(this.#settling)
        this.#settling = setTimeout(() => void this.reload(), settleMs)
      })
      watcher.on('error', (error) => logger.warn('certificates.watch-failed', { folder, error }))
      this.#watchers.push(watcher)
    } catch (error) {
      logger.warn('certificates.watch-failed', { folder, error })
    }
  }

  async #reloadOnce(): Promise<void> {
    const { logger } = this.#options
    if (this.#isStopped) {
      return
    }
    let texts: readonly string[]
    try {
      texts = await this.#readTexts()
      if (isSame(texts, this.#texts)) {
        return
      }
      this.#current = this.#build(texts)
    } catch (error) {
      const reason = reasonOf(error)
      if (reason !== this.#lastRejection) {
        logger.error('certificates.reload-failed', { reason })
      }
      this.#lastRejection = reason
      return
    }
    this.#texts = texts
    this.#lastRejection = ''
    logger.info('certificates.reloaded', { names: this.#current.names })
    this.#changes.notify()
  }

  async #readTexts(): Promise<string[]> {
    return Promise.all(
      this.#options.pairs.map(async ({ certFile, keyFile }) => {
        const files = certFile === keyFile ? [certFile] : [certFile, keyFile]
        const texts = await Promise.all(files.map((file) => readPemFile(file)))
        return texts.join('\n')
      }),
    )
  }

  #build(texts: readonly string[]): NamedCertificates {
    const pairs = texts.map((text, at) => {
      const { certFile = '', keyFile = '', host } = this.#options.pairs[at] ?? {}
      try {
        return { ...readPemPair(text), ...(host === undefined ? {} : { host }) }
      } catch (cause) {
        throw invalid(`The certificate ${certFile} with the key ${keyFile} cannot be used: ${reasonOf(cause)}`, cause)
      }
    })
    const certificates = new NamedCertificates(pairs, this.#options.minVersion ?? 'TLSv1.2')
    for (const { names, expiresAt } of certificates.endingSoon(Date.now())) {
      this.#options.logger.warn('certificates.expiring', { names, expiresAt })
    }
    return certificates
  }
}

async function readPemFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw invalid(`The certificate file ${file} cannot be read: ${reasonOf(cause)}`, cause)
  }
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((text, at) => text === right[at])
}

function invalid(message: string, cause: unknown): RelayError {
  return new RelayError('InvalidConfiguration', { message, cause })
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
