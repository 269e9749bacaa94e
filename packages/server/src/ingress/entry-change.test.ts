import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '@postern/program'
import { defaultIngressLimits, type IngressEntry } from '../domain/ingress-entry.ts'
import { changeOf, staying } from './entry-change.ts'

const base: IngressEntry = {
  ...defaultIngressLimits,
  name: 'web',
  hybridConnection: 'site',
  protocol: 'tcp',
  port: 443,
  tls: 'terminate',
  framing: 'raw',
  access: 'guarded',
  allow: ['127.0.0.1'],
  hosts: ['a.test'],
}
const change = (more: Partial<IngressEntry>): string => changeOf(base, { ...base, ...more })
const certificate = (key: string) => ({ certPem: 'cert', keyPem: new Secret(key) })

test('what counts for those who are still to come is no change for those who are here', () => {
  assert.equal(change({}), 'none')
  assert.equal(change({ allow: ['127.0.0.1'] }), 'none')
  const kept: readonly Partial<IngressEntry>[] = [
    { allow: ['127.0.0.1', '10.0.0.9'] },
    { allow: ['10.0.0.9'] },
    { maxConnections: 501 },
    { proxyProtocol: 'v2' },
    { trustedProxies: ['10.0.0.1'] },
    { hosts: ['b.test', 'a.test'] },
    { certificate: certificate('one') },
    { users: [{ name: 'ali', passwordHash: 'x' }] },
  ]
  for (const more of kept) assert.equal(change(more), 'kept', JSON.stringify(more))
  const pair = { ...base, certificate: certificate('one') }
  assert.equal(changeOf(pair, { ...base, certificate: certificate('one') }), 'none')
  assert.equal(changeOf(pair, { ...base, certificate: certificate('two') }), 'kept')
})

test('an entry that leads elsewhere or asks for other proofs is another one', () => {
  const others: readonly Partial<IngressEntry>[] = [
    { hybridConnection: 'other' },
    { target: 'a:1' },
    { port: 444 },
    { tls: 'pass' },
    { framing: 'azbridge' },
    { hosts: ['b.test'] },
    { clientCertificates: '/ca.pem' },
    { clientAuthorityPem: 'pem' },
    { oidc: {} as NonNullable<IngressEntry['oidc']> },
  ]
  for (const more of others) assert.equal(change(more), 'other', JSON.stringify(more))
})

test('who stays is whom the new form lets in: by address, and by a password that has not changed', () => {
  const [ali, baba] = ['ali', 'baba'].map((name) => ({ name, passwordHash: name }))
  assert.ok(ali && baba)
  const before = { ...base, users: [ali, baba] }
  const mayStay = staying(before, {
    ...base,
    allow: ['127.0.0.0/8'],
    users: [ali, { ...baba, passwordHash: 'new' }],
  })
  assert.ok(mayStay({ address: '127.0.0.9', user: 'ali' }))
  assert.ok(!mayStay({ address: '10.0.0.1', user: 'ali' }))
  assert.ok(!mayStay({ address: '127.0.0.9', user: 'baba' }))
  assert.ok(!mayStay({ address: '127.0.0.9' }))
  const { allow: _, ...open } = base
  assert.ok(staying(before, open)({ address: '10.0.0.1' }))
})
