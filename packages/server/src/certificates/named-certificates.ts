import { X509Certificate } from 'node:crypto'
import type { SecureContext } from 'node:tls'
import { RelayError } from '@postern/protocol'
import { dnsNamesOf, isNamed } from '../domain/certificate-names.ts'
import type { CertificatePair } from './certificate-source.ts'
import { createServerContext, type TlsMinimum } from './server-context.ts'

/** An operator who does nothing for this long is out of service. */
const warnBeforeMs = 14 * 86_400_000

/** A pair, and the name that it was given to answer for; without one, it answers for the names in the certificate. */
export interface NamedPair extends CertificatePair {
  readonly host?: string
}

interface Entry {
  readonly names: readonly string[]
  readonly expiresAt: Date
  readonly context: SecureContext
  readonly pair: CertificatePair
}

/** Certificates that are found by the host names in them, the most specific first. Does not change. */
export class NamedCertificates {
  readonly defaultCertificate: CertificatePair
  readonly #entries: readonly Entry[]
  readonly #default: Entry
  readonly #byName = new Map<string, Entry>()

  /** @param pairs the first without a host of its own is the default; of two with the same name the first answers */
  constructor(pairs: readonly NamedPair[], minVersion: TlsMinimum) {
    const first = pairs.find((pair) => pair.host === undefined) ?? pairs[0]
    this.#entries = pairs.map((pair) => {
      const certificate = new X509Certificate(pair.certPem)
      return {
        names: pair.host === undefined ? dnsNamesOf(pair.certPem) : [pair.host],
        expiresAt: new Date(certificate.validTo),
        context: createServerContext(pair, minVersion),
        pair,
      }
    })
    const firstEntry = this.#entries[first === undefined ? 0 : pairs.indexOf(first)]
    if (first === undefined || firstEntry === undefined) {
      throw new RelayError('InvalidConfiguration', { message: 'At least one certificate is needed' })
    }
    this.defaultCertificate = first
    this.#default = firstEntry
    for (const entry of this.#entries.toReversed()) {
      for (const name of entry.names) {
        this.#byName.set(name, entry)
      }
    }
  }

  get names(): readonly string[] {
    return [...this.#byName.keys()]
  }

  has(servername: string): boolean {
    return isNamed(this.#byName.keys(), servername)
  }

  contextFor(servername: string | undefined): SecureContext {
    return this.#find(servername).context
  }

  pairFor(servername: string | undefined): CertificatePair {
    return this.#find(servername).pair
  }

  endingSoon(nowMs: number): readonly { readonly names: readonly string[]; readonly expiresAt: Date }[] {
    return this.#entries.filter(({ expiresAt }) => expiresAt.getTime() - nowMs < warnBeforeMs)
  }

  /** A wildcard stands for one label. RFC 9525 section 6.3 */
  #find(servername: string | undefined): Entry {
    const name = servername?.toLowerCase().replace(/\.$/, '') ?? ''
    const wildcard = `*${name.slice(name.indexOf('.'))}`
    return this.#byName.get(name) ?? this.#byName.get(wildcard) ?? this.#default
  }
}
