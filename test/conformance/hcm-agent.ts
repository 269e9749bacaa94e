import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { request as httpsRequest } from 'node:https'
import { type ScriptedListener, type TestRelay } from '@postern/testkit'
import { answer } from './http-client.ts'
import {
  type ManagementAnswer,
  type ManagementClient,
  managementClient,
  managementRequest,
} from './management-client.ts'

const version = '?api-version=2026-11-01'
const global = '/providers/Postern.Management/hcms'

/** What a Hybrid Connection Manager does at the relay's two doors: it holds a key of its own and no shared one. */
export interface HcmAgent {
  readonly hcmId: string
  listen(name: string): Promise<ScriptedListener>
  /** Its heartbeat: the state of the target of each hybrid connection. */
  report(targets: Readonly<Record<string, string>>): Promise<ManagementAnswer>
}

/** Makes a one-time token for hybrid connections, by their ids. */
export async function makeEnrolmentToken(
  owner: ManagementClient,
  options: { readonly subscription: string; readonly ids: readonly string[]; readonly expiresInSeconds?: number },
): Promise<string> {
  const { subscription, ids: hybridConnections, expiresInSeconds } = options
  const url = `${subscription}/providers/Postern.Management/hcmEnrolments${version}`
  const { properties } = await owner.done('POST', url, { properties: { hybridConnections, expiresInSeconds } })
  return String(properties.token)
}

/** Sends a public key with a one-time token, as somebody whom the relay does not know yet. */
export async function redeem(
  relay: TestRelay,
  token: string,
  { name, publicKey }: { readonly name: string; readonly publicKey: KeyObject },
): Promise<ManagementAnswer> {
  const options = managementRequest(relay, `${global}/enrol${version}`, '')
  const request = httpsRequest({ ...options, method: 'POST', headers: { 'Content-Type': 'application/json' } })
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  request.end(JSON.stringify({ token, name, version: '1.2.3', publicKey: pem }))
  const { status, headers, body } = await answer(request)
  return { status, headers, json: JSON.parse(body.toString()) }
}

/** Enrols and signs in for both planes with nothing but its own key. */
export async function enrolAgent(relay: TestRelay, token: string, name: string): Promise<HcmAgent> {
  const { publicKey, privateKey } = makeKeys()
  const { status, json } = await redeem(relay, token, { name, publicKey })
  assert.equal(status, 201, JSON.stringify(json))
  const identity: Identity = { clientId: json.clientId, tokenEndpoint: json.tokenEndpoint, privateKey }
  const relayToken = await signIn(relay, identity, json.scopes.relay)
  const management = managementClient(relay, await signIn(relay, identity, json.scopes.management))
  const served = json.hybridConnections as readonly { readonly namespace: string; readonly name: string }[]
  return {
    hcmId: json.hcmId,
    listen: (entity) => relay.listen(entity, { token: relayToken }),
    report: (targets) => {
      const entities = served.flatMap(({ namespace, name: entity }) => {
        const target = targets[entity]
        return target === undefined ? [] : [{ namespace, name: entity, target }]
      })
      return management.call('PUT', `${global}/self/report${version}`, { version: '1.2.3', entities })
    },
  }
}

export function makeKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

interface Identity {
  readonly clientId: string
  readonly tokenEndpoint: string
  readonly privateKey: KeyObject
}

async function signIn(relay: TestRelay, identity: Identity, scope: string): Promise<string> {
  const { clientId, tokenEndpoint } = identity
  const { pathname } = new URL(tokenEndpoint)
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const request = httpsRequest({ ...managementRequest(relay, pathname, ''), method: 'POST', headers })
  request.end(
    new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      scope,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertionOf(identity),
    }).toString(),
  )
  const { status, body } = await answer(request)
  assert.equal(status, 200, body.toString())
  return (JSON.parse(body.toString()) as { readonly access_token: string }).access_token
}

/** RFC 7523: a JWT about itself, for the token endpoint, signed with the key that was enrolled. */
function assertionOf({ clientId, tokenEndpoint, privateKey }: Identity): string {
  const nowSeconds = Math.floor(Date.now() / 1000)
  const claims = { iss: clientId, sub: clientId, aud: tokenEndpoint, jti: randomUUID(), iat: nowSeconds }
  const [head, body] = [
    { alg: 'ES256', typ: 'JWT' },
    { ...claims, nbf: nowSeconds, exp: nowSeconds + 600 },
  ].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  const signature = sign('sha256', Buffer.from(`${head}.${body}`), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${head}.${body}.${signature.toString('base64url')}`
}
