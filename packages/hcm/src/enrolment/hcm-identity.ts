import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { TokenProvider } from '@postern/client'
import {
  createManagementClient,
  keepToken,
  type ManagementClient,
  type Reply,
  signInWithClientCredentials,
} from '@postern/management'
import { Secret } from '@postern/program'
import type { StoredIdentity } from '../state/hcm-state.ts'
import type { MachineKey } from '../state/machine-key.ts'

/** What {@link enrol} needs. */
export interface EnrolmentRequest {
  /** One-time token of `postern hcm enrol`. */
  readonly token: Secret
  /** `https://HOST[:PORT]` of the management door. */
  readonly endpoint: string
  /** Shown to those who look after the relay. */
  readonly name: string
  readonly version: string
}

type Fetch = typeof globalThis.fetch

/** Relays count 5 min, and clocks differ. */
const assertionSeconds = 240
/** A token is renewed on its channel when so much of its life is left. */
const renewBeforeMs = 300_000

const keyPurpose = 'the identity of this HCM'

/**
 * Turns a one-time token into an identity of this machine: the private key is made here and never leaves it.
 *
 * @throws {ManagementError} EnrolmentTokenInvalid and others that the relay answers.
 */
export async function enrol(
  { token, endpoint, name, version }: EnrolmentRequest,
  machineKey: MachineKey,
  fetch?: Fetch,
): Promise<{ readonly identity: StoredIdentity; readonly reply: Reply<'Hcms_Enrol'> }> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  // Whoever holds the one-time token needs no other.
  const stranger = createManagementClient({ endpoint, token: () => '', ...(fetch && { fetch }) })
  const reply = await stranger.call('Hcms_Enrol', { body: { token: token.reveal(), name, version, publicKey } })
  const identity = {
    hcmId: reply.hcmId,
    name: reply.name,
    clientId: reply.clientId,
    endpoint,
    relayScope: reply.scopes.relay,
    managementScope: reply.scopes.management,
    privateKey: machineKey.seal(new Secret(privateKey), keyPurpose),
  }
  return { identity, reply }
}

/** A management client that signs in as this HCM. */
export function managementClientOf(identity: StoredIdentity, machineKey: MachineKey, fetch?: Fetch): ManagementClient {
  const { endpoint, managementScope } = identity
  const token = keepToken(() => signIn(identity, machineKey, { scope: managementScope, fetch }))
  return createManagementClient({ endpoint, token, ...(fetch && { fetch }) })
}

/** Gives this HCM's tokens for listening. */
export function relayTokensOf(identity: StoredIdentity, machineKey: MachineKey, fetch?: Fetch): TokenProvider {
  let current: Promise<Awaited<ReturnType<typeof signIn>>> | undefined
  return {
    async getToken({ fresh = false }) {
      const known = await current?.catch(() => undefined)
      if (fresh || known === undefined || known.expiresAtMs - renewBeforeMs < Date.now()) {
        current = signIn(identity, machineKey, { scope: identity.relayScope, fetch })
      }
      const { accessToken, expiresAtMs } = await (current as NonNullable<typeof current>)
      return { text: accessToken, expiresAtMs, renewAtMs: expiresAtMs - renewBeforeMs }
    },
  }
}

function signIn(
  { clientId, endpoint, privateKey }: StoredIdentity,
  machineKey: MachineKey,
  { scope, fetch }: { readonly scope: string; readonly fetch: Fetch | undefined },
): ReturnType<typeof signInWithClientCredentials> {
  const clientAssertion = (audience: string): string => {
    const nowSeconds = Math.floor(Date.now() / 1000)
    const claims = {
      aud: audience,
      iss: clientId,
      sub: clientId,
      jti: randomUUID(),
      nbf: nowSeconds - assertionSeconds,
      exp: nowSeconds + assertionSeconds,
    }
    const text = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(claims)}`
    const key = createPrivateKey(machineKey.unseal(privateKey, keyPurpose).reveal())
    // RFC 7518 section 3.4: the two numbers side by side, not DER.
    const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
    return `${text}.${signature.toString('base64url')}`
  }
  return signInWithClientCredentials({ endpoint, clientId, clientAssertion, scope, ...(fetch && { fetch }) })
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
