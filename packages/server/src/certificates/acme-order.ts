import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import type * as Acme from 'acme-client'
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

/** Makes the answer to a challenge visible, and takes it away again. */
export interface AcmeChallengeBoard {
  publish(token: string, keyAuthorization: string): void
  remove(token: string): void
}

/** One request to the ACME server; its own queue may answer late, but not later than this. */
const requestTimeoutMs = 30_000

/** Polls for the result of a validation: quick at first, since most take a second. */
const polling = { backoffAttempts: 20, backoffMin: 500, backoffMax: 5000 }

/**
 * Orders a certificate for one host with a new P-256 key, by a http-01 challenge.
 * @throws {Error} with the reason that the ACME server gave
 * @see RFC 8555 sections 7.4 and 8.3
 */
export async function orderCertificate(
  account: AcmeAccount,
  order: { readonly host: string; readonly board: AcmeChallengeBoard },
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
    challengePriority: ['http-01'],
    // The check that acme-client would make first asks our own public name, which many networks do not reach from inside.
    skipChallengeVerification: true,
    challengeCreateFn: async (_authorization, challenge, keyAuthorization) => {
      if (challenge.type !== 'http-01') {
        throw new Error(`the ACME server offers ${challenge.type}, and only http-01 is spoken here`)
      }
      order.board.publish(challenge.token, keyAuthorization)
    },
    challengeRemoveFn: async (_authorization, challenge) => order.board.remove(challenge.token),
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
