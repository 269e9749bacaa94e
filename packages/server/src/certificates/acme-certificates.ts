import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { SecureContext } from 'node:tls'
import type { Logger } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { type AcmeAccount, createAccountKey, orderCertificate } from './acme-order.ts'
import { renewalTimeMs, retryDelayMs } from './acme-schedule.ts'
import type { CertificatePair, CertificateSource } from './certificate-source.ts'
import { ChangeListeners } from './change-listeners.ts'
import { DevelopmentAuthority } from './development-authority.ts'
import { isCertificateName } from './machine-names.ts'
import { NamedCertificates } from './named-certificates.ts'
import { formatPemPair, readPemPair } from './pem-pair.ts'
import { createFile, readIfExists, replaceFile } from './private-files.ts'
import type { TlsMinimum } from './server-context.ts'

export interface AcmeCertificatesOptions extends Omit<AcmeAccount, 'accountKeyPem'> {
  /** Account key and certificates are kept in its `certificates/acme` folder. */
  readonly dataDir: string
  /** Host names, each with a certificate of its own. The first answers clients that name none of them. */
  readonly hosts: readonly string[]
  /** Default `TLSv1.2`. */
  readonly minVersion?: TlsMinimum
  readonly logger: Logger
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number
  /** How long to wait after this many failures in a row. Default 5 minutes, doubled up to 6 hours. */
  readonly retryDelayMs?: (failures: number) => number
}

/** Where an ACME server asks. RFC 8555 section 8.3 */
const challengePath = '/.well-known/acme-challenge/'

/** Timers cannot be longer than 24 days, and a machine may sleep: look at the clock twice a day. */
const longestTimerMs = 12 * 3_600_000

interface Host {
  readonly name: string
  readonly file: string
  pair?: CertificatePair
  /** Milliseconds since 1970; 0 while there is no certificate. */
  renewAtMs: number
  failures: number
}

/**
 * Certificates of an ACME authority, by http-01: somebody must answer port 80 of every host with `answerChallenge`,
 * before `start` is called. Until the first certificate is there, clients get one that nobody trusts.
 */
export class AcmeCertificates implements CertificateSource {
  readonly #options: AcmeCertificatesOptions
  readonly #now: () => number
  readonly #hosts: readonly Host[]
  readonly #changes = new ChangeListeners()
  readonly #challenges = new Map<string, string>()
  readonly #fallback: DevelopmentAuthority
  #accountKeyPem = ''
  #current: NamedCertificates | undefined
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  /** @throws {RelayError} InvalidConfiguration when there is no host, or one that no certificate can be made for */
  constructor(options: AcmeCertificatesOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#fallback = new DevelopmentAuthority({ logger: options.logger, now: this.#now })
    const names = [...new Set(options.hosts.map((host) => host.toLowerCase()))]
    const wrong = names.find((name) => !isCertificateName(name) || name.startsWith('*'))
    if (wrong !== undefined || names.length === 0) {
      throw new RelayError('InvalidConfiguration', {
        message: wrong === undefined ? 'ACME needs at least one host name' : `"${wrong}" is no host name for ACME`,
      })
    }
    this.#hosts = names.map((name) => ({ name, file: this.#path(`${name}.pem`), renewAtMs: 0, failures: 0 }))
  }

  get defaultCertificate(): CertificatePair {
    return this.#current?.defaultCertificate ?? this.#fallback.defaultCertificate
  }

  /** Reads what is kept, and begins to order what is missing or old; does not wait for that. */
  async start(): Promise<void> {
    this.#accountKeyPem = await this.#openAccountKey()
    for (const host of this.#hosts) {
      await this.#load(host)
    }
    if (this.#hosts.some((host) => host.pair === undefined)) {
      await this.#fallback.start()
    }
    this.#use()
    this.#schedule()
  }

  /** An order that is under way is not waited for; its result is dropped. */
  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#fallback.stop()
  }

  secureContextFor(servername: string | undefined): SecureContext | Promise<SecureContext> {
    return this.#current?.contextFor(servername) ?? this.#fallback.secureContextFor(undefined)
  }

  onChange(callback: () => void): () => void {
    return this.#changes.add(callback)
  }

  /**
   * What to answer to `GET path` on port 80, as text.
   * @returns `undefined` for anything that is no challenge under way: answer 404
   */
  answerChallenge(path: string): string | undefined {
    return path.startsWith(challengePath) ? this.#challenges.get(path.slice(challengePath.length)) : undefined
  }

  #path(name: string): string {
    return join(this.#options.dataDir, 'certificates', 'acme', name)
  }

  async #openAccountKey(): Promise<string> {
    const file = this.#path('account-key.pem')
    const existing = await readIfExists(file)
    if (existing !== undefined) {
      return existing
    }
    const created = await createAccountKey()
    return (await createFile(file, created, 0o600)) ? created : ((await readIfExists(file)) ?? created)
  }

  async #load(host: Host): Promise<void> {
    const text = await readIfExists(host.file)
    if (text === undefined) {
      return
    }
    try {
      this.#take(host, readPemPair(text))
    } catch (error) {
      this.#options.logger.warn('certificates.acme-file-broken', { file: host.file, error })
    }
  }

  #take(host: Host, pair: CertificatePair): void {
    const { validFromDate, validToDate } = new X509Certificate(pair.certPem)
    const life = { beginsAtMs: validFromDate.getTime(), expiresAtMs: validToDate.getTime() }
    host.pair = pair
    host.renewAtMs = renewalTimeMs(life, Math.random())
    host.failures = 0
  }

  #use(): void {
    const pairs = this.#hosts.flatMap(({ pair }) => (pair === undefined ? [] : [pair]))
    if (pairs.length > 0) {
      this.#current = new NamedCertificates(pairs, this.#options.minVersion ?? 'TLSv1.2')
    }
  }

  #schedule(): void {
    if (this.#isStopped) {
      return
    }
    const dueAtMs = Math.min(...this.#hosts.map((host) => host.renewAtMs))
    const delayMs = Math.min(Math.max(dueAtMs - this.#now(), 0), longestTimerMs)
    this.#timer = setTimeout(() => void this.#renewDue().finally(() => this.#schedule()), delayMs).unref()
  }

  /** One order after the other: authorities count requests, and nobody is in a hurry. */
  async #renewDue(): Promise<void> {
    for (const host of this.#hosts) {
      if (!this.#isStopped && host.renewAtMs <= this.#now()) {
        await this.#renew(host)
      }
    }
  }

  async #renew(host: Host): Promise<void> {
    const { logger, dataDir: _, ...options } = this.#options
    const board = {
      publish: (token: string, keyAuthorization: string) => void this.#challenges.set(token, keyAuthorization),
      remove: (token: string) => void this.#challenges.delete(token),
    }
    try {
      const account = { ...options, accountKeyPem: this.#accountKeyPem }
      const pair = await orderCertificate(account, { host: host.name, board })
      if (this.#isStopped) {
        return
      }
      await replaceFile(host.file, formatPemPair(pair), 0o600)
      this.#take(host, pair)
      this.#use()
      logger.info('certificates.acme-issued', { host: host.name, renewAt: new Date(host.renewAtMs) })
      this.#changes.notify()
    } catch (error) {
      host.failures++
      const delayMs = options.retryDelayMs?.(host.failures) ?? retryDelayMs(host.failures, Math.random())
      host.renewAtMs = this.#now() + delayMs
      const reason = error instanceof Error ? error.message : String(error)
      logger.error('certificates.acme-failed', { host: host.name, reason, retryInMs: Math.round(delayMs) })
    }
  }
}
