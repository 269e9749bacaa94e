import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestAuthority } from '@postern/testkit'
import type { ArmBed, Json } from '../arm-calls.contract.ts'
import { contoso, namespaces, openRelayBed, version } from './relay-calls.contract.ts'

const list = `${contoso}/ingress${version}`
const url = (name: string, namespace = contoso): string => `${namespace}/ingress/${name}${version}`
const db = { hybridConnection: 'db', port: 8000, allow: ['203.0.113.0/24'] }
const hash = 'scrypt$32768$8$1$c2FsdA$aGFzaA'

async function openBed(): Promise<ArmBed> {
  const bed = await openRelayBed()
  await bed.call('PUT', `${namespaces}/fabrikam${version}`, { body: { location: 'West US 2' } })
  for (const namespace of ['contoso', 'fabrikam']) {
    for (const name of ['db', 'web']) {
      const { status } = await bed.call('PUT', `${namespaces}/${namespace}/hybridConnections/${name}${version}`, {
        body: { properties: {} },
      })
      assert.equal(status, 200)
    }
  }
  return bed
}

const put = (bed: ArmBed, name: string, properties: object, namespace = contoso) =>
  bed.call('PUT', url(name, namespace), { body: { properties } })

async function refused(
  bed: ArmBed,
  properties: object,
  { name = 'new', namespace = contoso } = {},
): Promise<{ readonly status: number; readonly message: string }> {
  const { status, json } = await put(bed, name, properties, namespace)
  assert.equal(await countOf(bed, name), 0)
  return { status, message: json.error.message }
}

async function countOf(bed: ArmBed, name: string): Promise<number> {
  return bed.parts.documents.list('ingress').filter(({ document }) => document.value.name === name).length
}

/** What the resources file would write into the namespace. */
async function declareEntry(bed: ArmBed, entry: object): Promise<void> {
  const { document } = (await bed.store.get('ns/contoso'))!
  await bed.store.put({ ...document, value: { ...document.value, ingress: [entry] } } as never)
}

const declared = {
  name: 'Filed',
  hybridConnection: 'db',
  protocol: 'tcp',
  port: 443,
  sni: ['*.a.test'],
  tls: 'terminate',
  framing: 'raw',
  access: 'guarded',
  clientCertificates: '/etc/postern/ca.pem',
  oidc: { issuer: 'https://issuer.test', clientSecretFile: '/etc/postern/secret' },
  maxConnections: 1,
  maxConnectionsPerSource: 1,
  connectionsPerSecondPerSource: 1,
}

test('an entry that was put is read and listed as it was written, and is gone when it was deleted', async () => {
  await using bed = await openBed()
  const { status, json, headers } = await put(bed, 'Database', db)
  assert.equal(status, 200)
  const { createdAt, updatedAt, ...properties } = json.properties
  assert.equal(headers?.['ETag'], `"${json.etag}"`)
  assert.equal(createdAt, updatedAt)
  assert.deepEqual(
    { ...json, properties },
    {
      etag: json.etag,
      id: `${contoso}/ingress/Database`,
      name: 'Database',
      type: 'Microsoft.Relay/Namespaces/Ingress',
      location: 'West US 2',
      properties: {
        ...db,
        protocol: 'tcp',
        tls: 'pass',
        framing: 'raw',
        maxConnections: 10_000,
        maxConnectionsPerSource: 1000,
        connectionsPerSecondPerSource: 200,
        origin: 'managed',
        provisioningState: 'Succeeded',
      },
    },
  )
  assert.deepEqual((await bed.call('GET', url('dataBASE'))).json, json)
  assert.deepEqual((await bed.call('GET', list)).json, { value: [json] })

  const again = await bed.call('PUT', url('database'), { body: json, headers: { 'if-match': headers?.['ETag'] ?? '' } })
  assert.equal(again.status, 200, JSON.stringify(again.json))
  assert.equal(again.json.name, 'Database')
  assert.equal((await bed.call('DELETE', url('database'))).status, 200)
  assert.equal((await bed.call('DELETE', url('database'))).status, 204)
  assert.equal((await bed.call('GET', url('database'))).status, 404)
})

test('reading, writing and deleting are actions of their own', async () => {
  await using bed = await openBed()
  await put(bed, 'database', db)
  await bed.assign('reader', 'Reader', contoso)
  await bed.assign('sender', 'Azure Relay Sender', contoso)
  await bed.assign('elsewhere', 'Owner', `${namespaces}/fabrikam`)
  const tried = async (as: string) => [
    (await bed.call('GET', list, { as })).status,
    (await bed.call('PUT', url('database'), { as, body: { properties: db } })).status,
    (await bed.call('DELETE', url('database'), { as })).status,
  ]
  assert.deepEqual(await tried('reader'), [200, 403, 403])
  assert.deepEqual(await tried('sender'), [403, 403, 403])
  assert.deepEqual(await tried('elsewhere'), [403, 403, 403])
  assert.equal((await bed.call('GET', url('database'))).status, 200)
})

test('a port that the relay does not grant is refused with the name of the option', async () => {
  await using bed = await openBed()
  for (const more of [{ port: 22 }, { port: 0 }, { port: 7999 }, { port: 9000, address: '127.0.0.1' }]) {
    const { status, message } = await refused(bed, { ...db, ...more })
    assert.equal(status, 403)
    assert.match(message, /only 443, 8000-8999; its option --ingress-ports says which\. /)
  }
  Object.assign(bed.parts.settings, { ingressGrants: [] })
  const { message } = await refused(bed, db)
  assert.match(message, /open port 8000 \(tcp\), but none; its option --ingress-ports says which\. /)
})

test('no file of the machine can be named, and no certificate of the relay be shown', async () => {
  await using bed = await openBed()
  const tls = { hybridConnection: 'web', port: 443, hosts: ['a.test'] }
  const file = await refused(bed, { ...tls, clientCertificates: '/etc/passwd' })
  assert.deepEqual([file.status, /write clientAuthorityPem/.test(file.message)], [400, true])
  const terminate = await refused(bed, { ...tls, access: 'open', tls: 'terminate' })
  assert.deepEqual([terminate.status, /needs a certificate here/.test(terminate.message)], [400, true])
  for (const key of ['tlsKey', 'oidc', 'alow', 'passwordFile']) {
    const { status, message } = await refused(bed, { ...tls, access: 'open', [key]: '/etc/shadow' })
    assert.equal(status, 400)
    assert.ok(message.includes(key), message)
  }
})

test('nothing is open by default, and what cannot be is refused with its reason', async () => {
  await using bed = await openBed()
  const base = { hybridConnection: 'db', port: 8000 }
  for (const [properties, expected] of [
    [base, /access is missing, and nothing guards this port/],
    [{ ...base, access: 'guarded' }, /access/],
    [{ ...base, access: 'open', allow: ['10.0.0.0/8'] }, /leave one of both out/],
    [{ ...db, hybridConnection: 'none' }, /no hybrid connection none/],
    [{ ...db, allow: ['ten'] }, /allow/],
    [{ ...db, address: 'localhost' }, /address/],
    [{ ...db, address: '0.0.0.0' }, /leave it out for all addresses/],
    [{ ...db, address: '0:0::0' }, /leave it out for all addresses/],
    [{ ...db, sni: ['a.test'], hosts: ['a.test'] }, /two entries/],
    [{ ...base, hosts: ['a.test'], users: [{ name: 'a', passwordHash: hash }] }, /everybody can read/],
    [{ ...base, hosts: ['a.test'], trustedProxies: ['10.0.0.1'], users: [{ name: 'a' }] }, /a has no passwordHash/],
    [
      { ...base, hosts: ['a.test'], trustedProxies: ['10.0.0.1'], users: [{ name: 'a', passwordHash: 'secret' }] },
      /never a password/,
    ],
  ] as const) {
    const { status, message } = await refused(bed, properties)
    assert.equal(status, 400)
    assert.match(message, expected)
    assert.doesNotMatch(message, /secret/)
  }
  assert.match((await refused(bed, db, { name: 'a b' })).message, /The name of an ingress entry must/)
})

test('a password hash is never told, and stays when an entry is written back without it', async () => {
  await using bed = await openBed()
  const properties = { hybridConnection: 'web', port: 443, hosts: ['A.test'], trustedProxies: ['10.0.0.1'] }
  const { json } = await put(bed, 'web', { ...properties, users: [{ name: 'alice', passwordHash: hash }] })
  assert.deepEqual(json.properties.users, [{ name: 'alice' }])
  const texts = [json, (await bed.call('GET', url('web'))).json, (await bed.call('GET', list)).json]
  assert.doesNotMatch(JSON.stringify(texts), /scrypt/)
  assert.equal((await put(bed, 'web', json.properties)).status, 200)
  const stored = bed.parts.documents.get('ingress', 'contoso', 'web')
  assert.deepEqual(stored?.document.value.entry.users, [{ name: 'alice', passwordHash: hash }])
})

test('a place that is taken is refused with the name of the entry that has it', async () => {
  await using bed = await openBed()
  await put(bed, 'first', db)
  const again = await refused(bed, { ...db, hybridConnection: 'web' })
  assert.deepEqual([again.status, /taken by "first"/.test(again.message)], [409, true])
  const foreign = await refused(bed, db, { namespace: `${namespaces}/fabrikam` })
  assert.match(foreign.message, /taken by "first" of namespace contoso/)
  assert.equal((await put(bed, 'first', { ...db, hybridConnection: 'web' })).status, 200)
  const door = await refused(bed, { ...db, port: 8443 })
  assert.deepEqual([door.status, door.message.startsWith('Port 8443 is a door of the relay itself')], [409, true])
})

test('whoever may not read a namespace is not told the names of its entries', async () => {
  await using bed = await openBed()
  await bed.assign('stranger', 'Owner', `${namespaces}/fabrikam`)
  await put(bed, 'hidden', db)
  const body = { properties: db }
  const { status, json } = await bed.call('PUT', url('new', `${namespaces}/fabrikam`), { as: 'stranger', body })
  assert.equal(status, 409)
  assert.match(json.error.message, /taken by an entry of another namespace/)
  assert.doesNotMatch(json.error.message, /hidden|contoso/)
})

test('a name under the wildcard of another namespace cannot be taken from it', async () => {
  await using bed = await openBed()
  const named = (name: string) => ({ hybridConnection: 'db', port: 443, access: 'open', sni: [name] })
  await put(bed, 'all', named('*.a.test'))
  const { status, message } = await refused(bed, named('shop.a.test'), { namespace: `${namespaces}/fabrikam` })
  assert.deepEqual([status, /"all" of namespace contoso/.test(message)], [409, true])
  assert.equal((await put(bed, 'shop', named('shop.a.test'))).status, 200)
})

test('of two entries that want one port at the same time one is made', async () => {
  await using bed = await openBed()
  const made = await Promise.all(Array.from({ length: 8 }, (_, at) => put(bed, `e${at}`, db)))
  const countWith = (wanted: number): number => made.filter(({ status }) => status === wanted).length
  assert.deepEqual([countWith(200), countWith(409)], [1, 7])
})

test('entries of the resources file are listed without its paths, and can be changed there alone', async () => {
  await using bed = await openBed()
  await declareEntry(bed, declared)
  await put(bed, 'database', db)
  const { json } = await bed.call('GET', list)
  assert.deepEqual(
    json.value.map(({ name, properties }: Json) => [
      name,
      properties.origin,
      properties.clientCertificates,
      properties.oidc,
    ]),
    [
      ['database', 'managed', undefined, undefined],
      ['Filed', 'declared', 'required', 'required'],
    ],
  )
  assert.doesNotMatch(JSON.stringify(json), /postern/)
  for (const method of ['PUT', 'DELETE']) {
    const { status, json: answer } = await bed.call(method, url('filed'), { body: { properties: db } })
    assert.equal(status, 409)
    assert.match(answer.error.message, /declares the ingress entry filed; change it there/)
  }
  const taken = await refused(bed, { ...db, port: 443 })
  assert.match(taken.message, /"Filed"/)
})

test('a list goes on page by page', async () => {
  await using bed = await openBed()
  for (const at of [1, 2, 3]) await put(bed, `e${at}`, { ...db, port: 8000 + at })
  const { json } = await bed.call('GET', `${list}&$top=2`)
  assert.deepEqual(
    json.value.map(({ name }: Json) => name),
    ['e1', 'e2'],
  )
  const { pathname, search } = new URL(json.nextLink)
  assert.deepEqual(
    (await bed.call('GET', pathname + search)).json.value.map(({ name }: Json) => name),
    ['e3'],
  )
})

test('the entries of a namespace go with it', async () => {
  await using bed = await openBed()
  await put(bed, 'database', db)
  await bed.call('DELETE', contoso + version)
  assert.equal(await countOf(bed, 'database'), 0)
  assert.equal((await bed.call('GET', list)).status, 404)
})

test('a private key is kept and never told; what is no certificate with its key is refused', async () => {
  await using bed = await openBed()
  const authority = await createTestAuthority('site')
  const { cert: certPem, key: keyPem } = await authority.issue({ hosts: ['a.test'] })
  const { key: otherKey } = await authority.issue({ hosts: ['a.test'] })
  const base = { hybridConnection: 'web', port: 443, hosts: ['a.test'], tls: 'terminate' }
  const open = { ...base, access: 'open' }
  for (const [properties, expected] of [
    [{ ...open, certificate: { certPem } }, /keyPem is missing/],
    [{ ...open, certificate: { certPem, keyPem: otherKey } }, /keyPem is not the key/],
    [{ ...open, certificate: { certPem, keyPem: '/etc/ssl/private/key.pem' } }, /no private key in PEM/],
    [{ ...open, certificate: { certPem: '/etc/ssl/cert.pem', keyPem } }, /certPem is no certificate/],
    [{ ...base, certificate: { certPem, keyPem }, clientAuthorityPem: '/etc/ca.pem' }, /no certificate in PEM/],
    [{ ...open, certificate: { certPem, keyPem }, clientAuthorityPem: certPem }, /leave one of both out/],
    [{ ...open, tls: 'pass', certificate: { certPem, keyPem } }, /only with tls: terminate/],
    [{ ...base, tls: 'pass', clientAuthorityPem: certPem }, /TLS ends at the relay/],
  ] as const) {
    const { status, message } = await refused(bed, properties)
    assert.equal(status, 400)
    assert.match(message, expected)
    assert.doesNotMatch(message, /PRIVATE|ssl/)
  }
  const guarded = { ...base, certificate: { certPem, keyPem }, clientAuthorityPem: authority.certPem }
  const { json } = await put(bed, 'site', guarded)
  assert.deepEqual(json.properties.certificate, { certPem })
  assert.equal(json.properties.clientAuthorityPem, authority.certPem)
  assert.equal((await put(bed, 'site', json.properties)).status, 200)
  const stored = bed.parts.documents.get('ingress', 'contoso', 'site')?.document.value.entry
  assert.equal(stored?.certificate?.keyPem.reveal(), keyPem)
  const texts = [json, (await bed.call('GET', url('site'))).json, (await bed.call('GET', list)).json, bed.outcomes]
  assert.doesNotMatch(JSON.stringify(texts), /PRIVATE KEY/)
})
