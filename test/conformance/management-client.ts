import assert from 'node:assert/strict'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import type { TestRelay } from '@postern/testkit'
import { answer } from './http-client.ts'
import { assignRole, fetchToken, signInPrincipal } from './sign-in-principal.ts'

/** What tests read of answers: any member of anything. */
// oxlint-disable-next-line typescript/no-explicit-any
type Json = any

export interface ManagementAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly json: Json
}

/** Calls of the management API as one principal, over TLS at the management door. */
export interface ManagementClient {
  readonly token: string
  call(
    method: string,
    path: string,
    body?: string | object,
    headers?: Readonly<Record<string, string>>,
  ): Promise<ManagementAnswer>
  /** The same for calls that must succeed. */
  done(method: string, path: string, body?: string | object): Promise<Json>
}

/** A new principal that is Owner of everything. */
export async function signInOwner(relay: TestRelay): Promise<ManagementClient> {
  const owner = await signInPrincipal(relay, 'owner')
  await assignRole(relay, { principalId: owner.id, role: 'owner', scope: '/' })
  return managementClient(relay, await managementToken(relay, owner))
}

export function managementToken(
  relay: TestRelay,
  { clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: string },
): Promise<string> {
  return fetchToken(relay, { clientId, clientSecret, scope: `${relay.relay.management}/.default` })
}

export function managementClient(relay: TestRelay, token: string): ManagementClient {
  const call: ManagementClient['call'] = async (method, path, body, headers = {}) => {
    const request = httpsRequest({ ...managementRequest(relay, path, token, headers), method })
    request.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body))
    const got = await answer(request)
    const text = got.body.toString()
    return { status: got.status, headers: got.headers, json: text === '' ? undefined : JSON.parse(text) }
  }
  return {
    token,
    call,
    done: async (method, path, body) => {
      const { status, json } = await call(method, path, body)
      assert.ok(status < 300, `${method} ${path}: ${status} ${JSON.stringify(json)}`)
      return json
    },
  }
}

/** Options of a request to the management door. */
export function managementRequest(
  { relay }: TestRelay,
  path: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
): RequestOptions {
  const { hostname, port } = new URL(relay.management)
  return {
    hostname,
    port,
    path,
    agent: false,
    ca: relay.caPem ?? '',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
  }
}
