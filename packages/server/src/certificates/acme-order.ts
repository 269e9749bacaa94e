import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import type * as Acme from 'acme-client'
import type { AcmeChallenges } from './acme-challenges.ts'
import type { CertificatePair } from './certificate-source.ts'

/** Whom to ask for certificates, and in whose name. */
export interface AcmeAccount {
  /** Such as `https://acme-v02.api.letsencrypt.org/directory`. */
  readonly directoryUrl: string
  readonly accountKeyPem: string
  /** Where the authority writes to when a certificate is about to end. */
  readonly email?: string
  /** PEM file with the CA of the directory itself, for an ACME server of one's own. */
  readonly directoryCaFile?: string
}

/** How ownership of a host is proven: over TLS on port 443, or over HTTP on port 80. */
export type AcmeChallengeType = 'tls-alpn-01' | 'http-01'

/** One request to the ACME server; its own queue may answer late, but not later than this. */
const requestTimeoutMs = 30_000

/** Polls for the result of a validation: quick at first, since most take a second. */
const polling = { backoffAttempts: 20, backoffMin: 500, backoffMax: 5000 }

/**
 * Orders a certificate for one host with a new P-256 key, and makes the proof of ownership visible in
 * `challenges` while the server looks for it.
 * @throws {Error} with the reason that the ACME server gave
 * @see RFC 8555 sections 7.4 and 8.3, RFC 8737 section 3
 */
export async function orderCertificate(
  account: AcmeAccount,
  order: { readonly host: string; readonly challengeType: AcmeChallengeType; readonly challenges: AcmeChallenges },
): Promise<CertificatePair> {
  const acme = await loadAcmeClient(account)
  const client = new acme.Client({
    directoryUrl: account.directoryUrl,
    accountKey: account.accountKeyPem,
    ...polling,
  })
  const [key, csr] = await acme.crypto.createCsr(
    { altNames: [order.host] },
    await acme.crypto.createPrivateEcdsaKey('P-256'),
  )
  const certPem = await client.auto({
    csr,
    ...(account.email === undefined ? {} : { email: account.email }),
    termsOfServiceAgreed: true,
    challengePriority: [order.challengeType],
    // The check that acme-client would make first asks our own public name, which many networks do not reach from inside.
    skipChallengeVerification: true,
    challengeCreateFn: async (authorization, challenge, keyAuthorization) => {
      if (challenge.type !== order.challengeType) {
        throw new Error(`the ACME server offers ${challenge.type}, not ${order.challengeType}`)
      }
      if (challenge.type === 'http-01') {
        order.challenges.showText(challenge.token, keyAuthorization)
      } else {
        const ownKey = await acme.crypto.createPrivateEcdsaKey('P-256')
        const [key, certificate] = await acme.crypto.createAlpnCertificate(authorization, keyAuthorization, ownKey)
        order.challenges.showCertificate(order.host, { certPem: String(certificate), keyPem: String(key) })
      }
    },
    challengeRemoveFn: async (_authorization, { token }) => order.challenges.remove({ token, host: order.host }),
  })
  return { certPem, keyPem: String(key) }
}

export async function createAccountKey(): Promise<string> {
  const acme = await import('acme-client')
  return String(await acme.crypto.createPrivateEcdsaKey('P-256'))
}

/** Loaded when it is needed. Its HTTP client is one for the process and can be set up there only. */
async function loadAcmeClient(account: AcmeAccount): Promise<typeof Acme> {
  const acme = await import('acme-client')
  const { defaults } = acme.axios
  defaults.timeout = requestTimeoutMs
  // Its own retries would take more than a minute that nothing can cut short; ours wait outside.
  Object.assign(defaults, { acmeSettings: { ...Object(Reflect.get(defaults, 'acmeSettings')), retryMaxAttempts: 0 } })
  if (account.directoryCaFile !== undefined) {
    defaults.httpsAgent = new Agent({ ca: await readFile(account.directoryCaFile, 'utf8') })
  }
  return acme
}
