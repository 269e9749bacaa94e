import type { SecureContext } from 'node:tls'
import type { AlpnChallenges, CertificatePair } from './certificate-source.ts'
import { createServerContext } from './server-context.ts'

/** Where an ACME server asks by HTTP. RFC 8555 section 8.3 */
const httpPath = '/.well-known/acme-challenge/'

/** What an ACME server is to find while it checks that hosts are ours. */
export class AcmeChallenges implements AlpnChallenges {
  readonly #texts = new Map<string, string>()
  readonly #contexts = new Map<string, SecureContext>()

  get isPending(): boolean {
    return this.#contexts.size > 0
  }

  contextFor(servername: string | undefined): SecureContext | undefined {
    return this.#contexts.get(servername?.toLowerCase() ?? '')
  }

  /** @returns `undefined` for anything that is no challenge under way */
  textFor(path: string): string | undefined {
    return path.startsWith(httpPath) ? this.#texts.get(path.slice(httpPath.length)) : undefined
  }

  showText(token: string, text: string): void {
    this.#texts.set(token, text)
  }

  showCertificate(host: string, pair: CertificatePair): void {
    this.#contexts.set(host.toLowerCase(), createServerContext(pair, 'TLSv1.2'))
  }

  remove(challenge: { readonly token: string; readonly host: string }): void {
    this.#texts.delete(challenge.token)
    this.#contexts.delete(challenge.host.toLowerCase())
  }
}
