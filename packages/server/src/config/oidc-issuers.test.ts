import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOidcIssuer } from './oidc-issuers.ts'

test('an issuer has a name, its address to the letter, and audiences', () => {
  assert.deepEqual(
    parseOidcIssuer(
      'Corp=https://login.test/Tenant/v2.0/,audience=api://a, audience=b,subject=oid,groups=roles,name=upn',
    ),
    {
      name: 'corp',
      issuer: 'https://login.test/Tenant/v2.0/',
      audiences: ['api://a', 'b'],
      claims: { subject: 'oid', groups: 'roles', name: 'upn' },
    },
  )
  const plain = parseOidcIssuer('local=http://127.0.0.1:8080/realms/x,audience=a')
  assert.deepEqual(typeof plain === 'object' && plain.claims, {
    subject: 'sub',
    groups: 'groups',
    name: 'preferred_username',
  })
})

test('what is wrong is said', () => {
  for (const [text, problem] of [
    ['', /must begin with/],
    ['https://login.test,audience=a', /must begin with/],
    ['1x=https://login.test,audience=a', /must begin with/],
    ['user=https://login.test,audience=a', /taken by the built-in identity/],
    ['x=http://login.test,audience=a', /https address/],
    ['x=https://login.test?a=b,audience=a', /https address/],
    ['x=https://me@login.test,audience=a', /https address/],
    ['x=login.test,audience=a', /https address/],
    ['x=https://login.test', /at least one audience/],
    ['x=https://login.test,audience=', /must be audience=/],
    ['x=https://login.test,audience=a,scope=b', /must be audience=/],
  ] as const) {
    const parsed = parseOidcIssuer(text)
    assert.ok(typeof parsed === 'string', text)
    assert.match(parsed, problem)
  }
})
