import { randomBytes } from 'node:crypto'
import type { SecureContext, TlsOptions } from 'node:tls'
import type { AlpnChallenges, CertificatePair, CertificateSource } from './certificate-source.ts'
import { ChangeListeners } from './change-listeners.ts'
import { serverContextOptions, type TlsMinimum } from './server-context.ts'

export interface TlsSettingsOptions {
  /** Started already. */
  readonly source: CertificateSource
  /** Default `TLSv1.2`. */
  readonly minVersion?: TlsMinimum
  /**
   * How long one key encrypts session tickets. Who steals it can read the TLS 1.2 sessions of that time. Clients with
   * older tickets make a full handshake. Default 12 hours.
   */
  readonly ticketKeyLifetimeMs?: number
}

/**
 * The relay's options for TLS servers, and word of their changes. Give changed options to `server.setSecureContext`:
 * connections that are open keep what they have.
 */
export class TlsSettings {
  readonly #source: CertificateSource
  readonly #minVersion: TlsMinimum
  readonly #changes = new ChangeListeners<[TlsOptions]>()
  readonly #stopSourceChanges: () => void
  readonly #rotation: NodeJS.Timeout
  #ticketKeys = newTicketKeys()

  constructor(options: TlsSettingsOptions) {
    this.#source = options.source
    this.#minVersion = options.minVersion ?? 'TLSv1.2'
    this.#stopSourceChanges = options.source.onChange(() => this.#changes.notify(this.options))
    this.#rotation = setInterval(() => this.rotateTicketKeys(), options.ticketKeyLifetimeMs ?? 12 * 3_600_000).unref()
  }

  /** For servers that look at ClientHellos; absent when there is never a challenge. */
  get alpnChallenges(): AlpnChallenges | undefined {
    return this.#source.alpnChallenges
  }

  get options(): TlsOptions {
    const { certPem, keyPem } = this.#source.defaultCertificate
    return {
      ...serverContextOptions(this.#minVersion),
      cert: certPem,
      key: keyPem,
      ticketKeys: this.#ticketKeys,
      ALPNProtocols: ['http/1.1'],
      SNICallback: (servername, done) => void this.#chooseContext(servername).then((context) => done(null, context)),
    }
  }

  /** Key and chain for a name, for contexts with demands of their own. */
  pairFor(servername: string | undefined): CertificatePair | Promise<CertificatePair> {
    return this.#source.pairFor(servername)
  }

  hasName(servername: string): boolean {
    return this.#source.hasName(servername)
  }

  /** @returns the function that ends it */
  onChange(callback: (options: TlsOptions) => void): () => void {
    return this.#changes.add(callback)
  }

  rotateTicketKeys(): void {
    this.#ticketKeys = newTicketKeys()
    this.#changes.notify(this.options)
  }

  stop(): void {
    this.#stopSourceChanges()
    clearInterval(this.#rotation)
  }

  /** A name whose certificate cannot be made gets the default one, as names do that nobody knows. */
  async #chooseContext(servername: string): Promise<SecureContext | undefined> {
    try {
      return await this.#source.secureContextFor(servername)
    } catch {
      return undefined
    }
  }
}

/** 16 bytes of name, 16 for HMAC, 16 for AES: what `ticketKeys` is made of. */
function newTicketKeys(): Buffer {
  return randomBytes(48)
}
