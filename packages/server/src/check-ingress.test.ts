import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createTestAuthority } from '@postern/testkit'
import { checkIngress, type IngressSurroundings } from './check-ingress.ts'
import { parseIngressGrant } from './domain/ingress-grant.ts'
import { doubtGrants } from './storage/check-ingress-doors.ts'
import { parseDeclaredResources } from './storage/parse-declared-resources.ts'

const doors = { dataPort: 8443, managementPort: 9443 }
const ownAuthority = { ...doors, tls: { certificates: [] } }

/** What is doubtful of one entry, beside hybrid connections `db` and `site`. */
function check(entry: object, around: IngressSurroundings = ownAuthority): Promise<readonly string[]> {
  const ingress = [{ name: 'web', port: 443, hybridConnection: 'db', access: 'open', ...entry }]
  const namespace = { name: 'local', hybridConnections: [{ name: 'db' }, { name: 'site' }], ingress }
  return checkIngress(parseDeclaredResources(JSON.stringify({ namespaces: [namespace] }), 'relay.yaml'), around)
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'check-ingress-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('an entry that fits its surroundings is not doubted', async () => {
  assert.deepEqual(await check({ hosts: ['a.test'], tls: 'terminate' }), [])
  assert.deepEqual(await check({ hybridConnection: 'SITE' }), [])
})

test('files that are missing, or hold something else, are refused with entry, file and reason', async (t) => {
  const folder = folderFor(t)
  const [junk, gone, good] = ['junk', 'gone', 'good'].map((name) => join(folder, name))
  assert.ok(junk && gone && good)
  writeFileSync(junk, 'two\nlines')
  writeFileSync(good, (await createTestAuthority('devices')).certPem)
  const entry = { access: undefined, tls: 'terminate', hosts: ['a.test'] }
  const oidc = { issuer: 'https://issuer.test', clientId: 'x', anyone: true }
  await assert.rejects(check({ ...entry, clientCertificates: gone }), {
    message: `relay.yaml:1:202: namespaces[0].ingress[0].clientCertificates: the file ${gone} cannot be read: there is no such file`,
  })
  await assert.rejects(check({ ...entry, clientCertificates: junk }), /junk holds no certificate in PEM$/)
  await assert.rejects(
    check({ ...entry, oidc: { ...oidc, clientSecretFile: junk } }),
    /oidc\.clientSecretFile: the file .*junk must hold the secret of the client in one line$/,
  )
  assert.deepEqual(await check({ ...entry, clientCertificates: good }), [])
})

test('a name that no certificate has is doubted, and tls: terminate without TLS is refused', async (t) => {
  const certFile = join(folderFor(t), 'cert.pem')
  const { cert } = await (await createTestAuthority('sites')).issue({ hosts: ['a.test', '*.b.test'] })
  writeFileSync(certFile, cert)
  const around = { ...doors, tls: { certificates: [{ certFile }, { host: 'c.test', certFile: '/unread' }] } }
  const entry = { tls: 'terminate', hosts: ['a.test', 'x.b.test', 'c.test', 'z.test', '*.a.test'] }
  const [doubt, ...others] = await check(entry, around)
  assert.match(doubt ?? '', /ingress\[0\]\.hosts: no certificate of the relay has z\.test, \*\.a\.test: clients will/)
  assert.deepEqual(others, [])
  assert.deepEqual(await check({ ...entry, tls: 'pass' }, around), [])
  const acme = { ...doors, tls: { certificates: [], acme: { hosts: ['a.test'] } } }
  assert.match((await check({ tls: 'terminate', sni: ['z.test'] }, acme))[0] ?? '', /sni: no certificate/)
  await assert.rejects(check(entry, doors), /ingress\[0\]\.tls: cannot be had from a relay that runs with --tls off/)
})

test('a hybrid connection that the file does not have is doubted, with the one that may be meant', async () => {
  const [doubt] = await check({ hybridConnection: 'sites' })
  assert.match(doubt ?? '', /hybridConnection: the namespace has no hybrid connection sites; did you mean site\?$/)
  assert.match((await check({ hybridConnection: 'dbb' }))[0] ?? '', /connection dbb; did you mean db\?$/)
  assert.match((await check({ hybridConnection: 'shop' }))[0] ?? '', /; make it, or devices are refused$/)
})

test('a grant of the port of a door is doubted, and a range around it is not', () => {
  const doubts = ['8443', '9443/udp', '1024-65535', '443'].map((text) => {
    const grant = parseIngressGrant(text)
    assert.ok(typeof grant === 'object')
    return doubtGrants([grant], doors)
  })
  assert.match(doubts[0]?.[0] ?? '', /^--ingress-ports 8443 grants the port of the data door/)
  assert.deepEqual(doubts.slice(1), [[], [], []])
})
