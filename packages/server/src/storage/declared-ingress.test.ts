import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkDeclaredResources } from './check-declared-resources.ts'
import { ingressOf } from './declared-ingress.ts'

const entry = { name: 'p', port: 443, hybridConnection: 'db', access: 'open' }

/** The problems of namespaces with these entries, one list for each. */
function problems(...lists: readonly (readonly object[])[]): string[] {
  const namespaces = lists.map((ingress, at) => ({ name: `n${at}`, ingress }))
  const checked = checkDeclaredResources({ namespaces })
  return 'problems' in checked ? checked.problems.map(({ path, message }) => `${path.join('.')}: ${message}`) : []
}

test('an entry that nothing guards is refused, and the message says what to write', () => {
  const { access: _, ...open } = entry
  const [problem, ...more] = problems([open])
  assert.match(
    problem ?? '',
    /^namespaces\.0\.ingress\.0\.access: is missing, and nothing guards this port; write allow: .*access: open/,
  )
  assert.deepEqual(more, [])
  assert.deepEqual(problems([{ ...open, allow: ['10.0.0.0/8'] }]), [])
  assert.match(problems([{ ...entry, allow: ['10.0.0.0/8'] }])[0] ?? '', /leave one of both out/)
})

const oidc = { issuer: 'https://login.test', clientId: 'site', allowed: { domains: ['example.test'] } }
const site = { access: undefined, hosts: ['a.b'], tls: 'terminate' }

test('an entry with sign-in by OpenID Connect is taken, and its names are compared without case', () => {
  const declared = { name: 'p', port: 443, hybridConnection: 'db', hosts: ['a.b'] }
  assert.deepEqual(problems([{ ...declared, tls: 'terminate', oidc }]), [])
  assert.deepEqual(problems([{ ...declared, oidc: { ...oidc, tlsEndsInFront: true } }]), [])
  const { allowed: _, ...anyone } = { ...oidc, anyone: true as const }
  assert.deepEqual(problems([{ ...declared, tls: 'terminate', oidc: anyone }]), [])
  const emails = { ...oidc, allowed: { emails: ['Ali@Example.test'] }, sessionLifetime: '1h' }
  const [whole] = ingressOf([{ ...declared, oidc: emails }])
  assert.deepEqual(whole?.oidc?.allowed, { emails: ['ali@example.test'] })
  assert.equal(whole?.oidc?.sessionLifetimeMs, 3_600_000)
})

const refused: readonly (readonly [object, RegExp])[] = [
  [{ allow: ['10.0.0.0/99'] }, /neither an IP address nor a network/],
  [{ clientCertificates: 'ca.pem', access: undefined }, /write tls: terminate/],
  [
    { users: [{ name: 'a', passwordHash: 'scrypt$1$1$1$a$b' }], access: undefined, hosts: ['a.b'] },
    /passwords that everybody can read/,
  ],
  [
    { users: [{ name: 'a', passwordHash: 'secret' }], access: undefined, hosts: ['a.b'], tls: 'terminate' },
    /never a password/,
  ],
  [{ users: [{ name: 'a', passwordHash: 'scrypt$1$1$1$a$b' }], access: undefined, tls: 'terminate' }, /write hosts/],
  [
    { ...site, oidc: { ...oidc, allowed: undefined } },
    /oidc\.allowed: is missing, so nobody would come in; write .*anyone: true/,
  ],
  [{ ...site, oidc: { ...oidc, allowed: {} } }, /nobody would come in/],
  [{ ...site, oidc: { ...oidc, allowed: { claims: {} } } }, /nobody would come in/],
  [{ ...site, oidc: { ...oidc, allowed: { emails: [] } } }, /oidc\.allowed\.emails/],
  [{ ...site, oidc: { ...oidc, anyone: true } }, /leave one of both out/],
  [{ ...site, oidc: { ...oidc, anyone: false, allowed: undefined } }, /oidc\.anyone/],
  [{ ...site, oidc: { ...oidc, issuer: 'http://login.test' } }, /must be an https address/],
  [
    { ...site, oidc: { ...oidc, issuer: 'https://login.test/.well-known/openid-configuration' } },
    /must be an https address/,
  ],
  [{ ...site, oidc: { ...oidc, sessionLifetime: '400d' } }, /from 1m to 30d/],
  [{ ...site, oidc: { ...oidc, clientSecret: 'x' } }, /clientSecretFile/],
  [{ ...site, oidc, tls: undefined }, /needs https; write tls: terminate, or tlsEndsInFront/],
  [{ ...site, oidc: { ...oidc, tlsEndsInFront: true } }, /leave tlsEndsInFront or tls: terminate out/],
  [{ ...site, oidc, hosts: undefined }, /signs in by HTTP; write hosts/],
  [{ ...site, oidc, users: [{ name: 'a', passwordHash: 'scrypt$1$1$1$a$b' }] }, /cannot stand beside users/],
  [{ ...site, oidc, access: 'open' }, /lets everybody in, and the entry has guards/],
  [{ protocol: 'udp', access: undefined, oidc }, /no meaning for protocol: udp/],
  [{ sni: ['a.b'], hosts: ['a.b'] }, /make two entries/],
  [{ sni: ['https://a.b'] }, /without scheme and port/],
  [{ protocol: 'udp', sni: ['a.b'] }, /no meaning for protocol: udp/],
  [{ protocol: 'udp', trustedProxies: ['10.0.0.2'] }, /PROXY header before a datagram is not read/],
  [{ portName: 'x' }, /framing: azbridge/],
  [{ acess: 'open' }, /did you mean access/],
]

for (const [more, message] of refused) {
  test(`${JSON.stringify(more)} is refused`, () => {
    assert.match(problems([{ ...entry, ...more }]).join('\n'), message)
  })
}

test('ports and names on them are given once, over all namespaces; names share a port with other names', () => {
  const shared = [
    { ...entry, name: 'a', sni: ['a.test'] },
    { ...entry, name: 'b', sni: ['b.test'] },
    { ...entry, name: 'c', hosts: ['c.test'], tls: 'terminate' },
    // Plain HTTP has no server name, so the same name may lead elsewhere under TLS.
    { ...entry, name: 'd', hosts: ['a.test'] },
    { ...entry, name: 'e', protocol: 'udp', proxyProtocol: 'v2' },
  ]
  assert.deepEqual(problems(shared), [])
  const clashes: readonly (readonly [object, RegExp])[] = [
    [{ ...entry, name: 'x' }, /taken by "a"; entries share a port only by sni or hosts/],
    [{ ...entry, name: 'x', sni: ['B.test'] }, /"b\.test" on port 443 leads to "b" already/],
    [{ ...entry, name: 'x', hosts: ['a.test'], tls: 'terminate' }, /"a\.test" on port 443 leads to "a" already/],
    [{ ...entry, name: 'x', sni: ['x.test'], address: '127.0.0.1' }, /write the same address/],
    [{ ...entry, name: 'x', protocol: 'udp' }, /port 443 \(udp\) is taken by "e"/],
    [{ ...entry, name: 'x', sni: ['x.test'], trustedProxies: ['10.0.0.1'] }, /write the same trustedProxies/],
  ]
  for (const [clash, message] of clashes) {
    const [problem, ...others] = problems(shared, [clash])
    assert.match(problem ?? '', /^namespaces\.1\.ingress\.0\.port: /)
    assert.match(problem ?? '', message)
    assert.deepEqual(others, [])
  }
  assert.match(problems([entry, { ...entry, name: 'P', port: 1 }])[0] ?? '', /"p" is there already/)
})
