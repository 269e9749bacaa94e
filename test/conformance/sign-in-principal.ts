import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { request as httpsRequest } from 'node:https'
import type { TestRelay } from '@postern/testkit'
import { answer } from './http-client.ts'

/** Azure's ids of the roles that tests give. */
export const roleIds = {
  relayOwner: '2787bf04-f1f5-4bfe-8383-c8a24483ee38',
  owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  listener: '26e0b698-aa6d-4085-9386-aadae190014d',
  sender: '26baccc8-eea7-41f1-98f4-1762cc7f685d',
} as const

/** Where a hybrid connection of namespace `local` stands when nobody placed it. */
export const localScope =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/postern/providers/Microsoft.Relay/namespaces/local'

export interface SignedIn {
  /** Object id of the principal. */
  readonly id: string
  readonly clientId: string
  readonly clientSecret: string
  /** A token of the data plane. */
  readonly token: string
}

/** Makes a service principal and signs it in for the data plane. */
export async function signInPrincipal(relay: TestRelay, displayName = 'test'): Promise<SignedIn> {
  const { directory } = relay.relay.server.identity
  const principal = await directory.create({ kind: 'servicePrincipal', displayName })
  const { secret } = await directory.addSecret(principal.id, { displayName: 'test' })
  const { id, clientId } = principal
  const clientSecret = secret.reveal()
  const token = await fetchToken(relay, { clientId, clientSecret, scope: 'https://relay.azure.net//.default' })
  return { id, clientId, clientSecret, token }
}

/** Client credentials for a token, over TLS at the management door. */
export async function fetchToken(
  { relay }: TestRelay,
  of: { readonly clientId: string; readonly clientSecret: string; readonly scope: string },
): Promise<string> {
  const { hostname, port } = new URL(relay.management)
  const request = httpsRequest({
    hostname,
    port,
    path: '/common/oauth2/v2.0/token',
    method: 'POST',
    agent: false,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    ca: relay.caPem ?? '',
  })
  request.end(
    new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: of.clientId,
      client_secret: of.clientSecret,
      scope: of.scope,
    }).toString(),
  )
  const { status, body } = await answer(request)
  assert.equal(status, 200, body.toString())
  return String((JSON.parse(body.toString()) as Record<string, unknown>)['access_token'])
}

/** Gives a principal a role, as the management API does. @returns the key of the assignment */
export async function assignRole(
  { relay }: TestRelay,
  to: { readonly principalId: string; readonly role: keyof typeof roleIds; readonly scope: string },
): Promise<string> {
  const now = new Date()
  const stored = await relay.server.store.put({
    kind: 'roleAssignment',
    value: {
      id: randomUUID(),
      scope: to.scope,
      roleDefinitionId: roleIds[to.role],
      principalId: to.principalId,
      principalType: 'ServicePrincipal',
      createdBy: 'test',
      createdAt: now,
      updatedAt: now,
    },
  })
  return stored.key
}
