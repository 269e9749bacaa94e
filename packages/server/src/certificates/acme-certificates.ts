import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { SecureContext } from 'node:tls'
import type { Logger } from '@postern/program'
import { RelayError } from '@postern/protocol'
import { isNamed } from '../domain/certificate-names.ts'
import { AcmeChallenges } from './acme-challenges.ts'
import { serveHttpChallenges } from './acme-http-server.ts'
import { type AcmeAccount, type AcmeChallengeType, createAccountKey, orderCertificate } from './acme-order.ts'
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
  /** Default `tls-alpn-01`, which needs no port besides 443. */
  readonly challengeType?: AcmeChallengeType
  /**
   * For http-01: a port that is listened on while an order runs, and at no other time. Absent when something else answers
   * port 80 with `answerChallenge`.
   */
  readonly httpPort?: number
  /** Default `TLSv1.2`. */
  readonly minVersion?: TlsMinimum
  readonly logger: Logger
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number
  /** How long to wait after this many failures in a row. Default 5 minutes, doubled up to 6 hours. */
  readonly retryDelayMs?: (failures: number) => number
}

/** The relay opens its ports after it started its certificates; an order that comes too early is lost for minutes. */
const startDelayMs = 1000

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
 * Certificates of an ACME authority. Somebody must show the proofs of ownership: on port 443 of every host with
 * `alpnChallenges`, or on port 80 with `answerChallenge`. Until the first certificate is there, clients get one that
 * nobody trusts.
 */
export class AcmeCertificates implements CertificateSource {
  readonly alpnChallenges: AcmeChallenges = new AcmeChallenges()
  readonly #options: AcmeCertificatesOptions
  readonly #now: () => number
  readonly #hosts: readonly Host[]
  readonly #changes = new ChangeListeners()
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

  /**
   * Reads what is kept. Orders of what is missing or old begin a second later, when the ports should be open, and are not
   * waited for.
   */
  async start(): Promise<void> {
    this.#accountKeyPem = await this.#openAccountKey()
    for (const host of this.#hosts) {
      await this.#load(host)
    }
    if (this.#hosts.some((host) => host.pair === undefined)) {
      await this.#fallback.start()
    }
    this.#use()
    this.#schedule(startDelayMs)
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

  hasName(servername: string): boolean {
    const names = this.#hosts.map(({ name }) => name)
    return isNamed(names, servername)
  }

  pairFor(servername: string | undefined): CertificatePair | Promise<CertificatePair> {
    return this.#current?.pairFor(servername) ?? this.#fallback.pairFor(undefined)
  }

  onChange(callback: () => void): () => void {
    return this.#changes.add(callback)
  }

  /**
   * What to answer to `GET path` on port 80, as text.
   * @returns `undefined` for anything that is no challenge under way: answer 404
   */
  answerChallenge(path: string): string | undefined {
    return this.alpnChallenges.textFor(path)
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

  #schedule(shortestMs = 0): void {
    if (this.#isStopped) {
      return
    }
    const dueAtMs = Math.min(...this.#hosts.map((host) => host.renewAtMs))
    const delayMs = Math.min(Math.max(dueAtMs - this.#now(), shortestMs), longestTimerMs)
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
    const { logger, httpPort, ...options } = this.#options
    let closePort: (() => void) | undefined
    try {
      closePort = httpPort === undefined ? undefined : await serveHttpChallenges(this.alpnChallenges, httpPort)
      const account = { ...options, accountKeyPem: this.#accountKeyPem }
      const pair = await orderCertificate(account, {
        host: host.name,
        challengeType: options.challengeType ?? 'tls-alpn-01',
        challenges: this.alpnChallenges,
      })
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
    } finally {
      closePort?.()
    }
  }
}
