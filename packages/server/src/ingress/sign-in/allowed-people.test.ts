import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AllowedPeople, defaultIngressOidc, type IngressOidc } from '../../domain/ingress-oidc.ts'
import { type PersonClaims, personOf, whyNotAllowed } from './allowed-people.ts'

const ali = { sub: 'ali', email: 'Ali@Example.test', email_verified: true, groups: ['staff'], level: 3 }

function oidcWith(allowed: AllowedPeople | 'anyone', more: Partial<IngressOidc> = {}): IngressOidc {
  return { ...defaultIngressOidc, issuer: 'https://login.test', clientId: 'site', allowed, ...more }
}

function mayPass(claims: PersonClaims, oidc: IngressOidc): boolean {
  const person = personOf(claims, oidc)
  return person !== undefined && whyNotAllowed(claims, person, oidc) === undefined
}

const cases: readonly (readonly [AllowedPeople | 'anyone', boolean])[] = [
  ['anyone', true],
  [{}, false],
  [{ claims: {} }, false],
  [{ emails: [] }, false],
  [{ emails: ['ali@example.test'] }, true],
  [{ emails: ['eve@example.test'] }, false],
  [{ emails: ['eve@example.test'], domains: ['example.test'] }, true],
  [{ domains: ['test'] }, false],
  [{ domains: ['ample.test'] }, false],
  [{ groups: ['staff', 'others'] }, true],
  [{ groups: ['Staff'] }, false],
  [{ groups: ['staf'] }, false],
  [{ domains: ['example.test'], groups: ['admins'] }, false],
  [{ domains: ['evil.test'], groups: ['staff'] }, false],
  [{ claims: { level: ['3'] } }, true],
  [{ claims: { level: ['3'], groups: ['admins'] } }, false],
  [{ claims: { constructor: ['undefined'] } }, false],
  [{ claims: { missing: ['undefined'] } }, false],
]

for (const [allowed, passes] of cases) {
  test(`${JSON.stringify(allowed)} ${passes ? 'lets ali of staff in' : 'keeps ali of staff out'}`, () => {
    assert.equal(mayPass(ali, oidcWith(allowed)), passes)
  })
}

test('an address counts when the issuer has verified it, or says nothing of it and is believed', () => {
  const rule = { domains: ['example.test'] }
  const said = (verified: unknown) => ({ ...ali, email_verified: verified })
  assert.deepEqual(
    [true, 'true', false, 'false', undefined, 1].map((verified) => mayPass(said(verified), oidcWith(rule))),
    [true, true, false, false, false, false],
  )
  const trusting = oidcWith(rule, { trustUnverifiedEmail: true })
  assert.deepEqual(
    [undefined, false].map((verified) => mayPass(said(verified), trusting)),
    [true, false],
  )
})

test('a text that is more than one address is none', () => {
  for (const email of [
    'a@evil.test@example.test',
    'a@evil.test, b@example.test',
    'é@example.test',
    '@example.test',
    7,
  ]) {
    assert.equal(mayPass({ ...ali, email }, oidcWith({ domains: ['example.test'] })), false, String(email))
  }
})

test('a subject that cannot stand in a header is nobody', () => {
  for (const sub of ['', 'a b', 'a\r\nb', 'é', 'x'.repeat(256)]) {
    assert.equal(personOf({ ...ali, sub }, oidcWith('anyone')), undefined)
  }
})
