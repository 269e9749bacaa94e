import { generateKeyPairSync } from 'node:crypto'
import { type ArmBed, type Json, openArmBed } from '../arm-calls.contract.ts'
import { addEntity } from '../authorization/authorization-setup.contract.ts'

export const version = '?api-version=2026-11-01'
export const subscription = '/subscriptions/s/providers/Postern.Management'
export const global = '/providers/Postern.Management/hcms'
export const namespaceId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Relay/namespaces/contoso'
export const databaseId = `${namespaceId}/hybridConnections/db`
export const filesId = `${namespaceId}/hybridConnections/files`

/** A test bed with the hybrid connections `db` and `files`. */
export async function openHcmBed(): Promise<ArmBed> {
  const bed = await openArmBed()
  await addEntity(bed)
  const [stored] = bed.parts.documents.list('hybridConnection')
  const { userMetadata: _, ...value } = stored!.document.value
  await bed.store.put({ kind: 'hybridConnection', value: { ...value, name: 'files' } })
  return bed
}

export function publicKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

export function makeEnrolment(
  bed: ArmBed,
  options: { readonly as?: string; readonly ids?: readonly string[]; readonly expiresInSeconds?: unknown } = {},
): ReturnType<ArmBed['call']> {
  const { as = 'owner', ids = [databaseId], expiresInSeconds } = options
  const body = { properties: { hybridConnections: ids, expiresInSeconds } }
  return bed.call('POST', `${subscription}/hcmEnrolments${version}`, { as, body })
}

/** As a stranger. */
export function enrol(
  bed: ArmBed,
  token: unknown,
  wanted: Readonly<Record<string, unknown>> = {},
): ReturnType<ArmBed['call']> {
  return bed.call('POST', `${global}/enrol${version}`, {
    headers: { authorization: '' },
    body: { token, name: 'site', version: '1.2.3', publicKey: publicKey(), ...wanted },
  })
}

/** Enrols an HCM; its principal's id is its token in the test bed. */
export async function addHcm(bed: ArmBed, ids: readonly string[] = [databaseId], name = 'site'): Promise<Json> {
  const { json } = await makeEnrolment(bed, { ids })
  return (await enrol(bed, json.properties.token, { name })).json
}

export function report(bed: ArmBed, hcm: Json, entities: readonly unknown[] = []): ReturnType<ArmBed['call']> {
  const body = { version: '1.2.3', entities }
  return bed.call('PUT', `${global}/self/report${version}`, { as: hcm.principalId, body, address: '192.0.2.9' })
}

export function show(bed: ArmBed, hcm: Json): ReturnType<ArmBed['call']> {
  return bed.call('GET', `${subscription}/hcms/${hcm.hcmId}${version}`)
}
