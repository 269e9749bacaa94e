import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tenantId } from '../../domain/tenant.ts'
import { openTestIdentity, testOrigin } from '../identity-setup.contract.ts'

test('metadata names the endpoints by the host that was asked, for each form of the path', async (t) => {
  const setup = await openTestIdentity(t)
  for (const [path, token, keys] of [
    ['/common/v2.0', '/common/oauth2/v2.0/token', '/common/discovery/v2.0/keys'],
    ['/contoso.test', '/contoso.test/oauth2/token', '/contoso.test/discovery/v2.0/keys'],
    ['/adfs', '/adfs/oauth2/token', '/adfs/discovery/keys'],
  ]) {
    for (const origin of [testOrigin, 'https://127.0.0.1:19443']) {
      const { status, json } = await setup.get(`${path}/.well-known/openid-configuration`, { origin })
      assert.equal(status, 200)
      assert.equal(json['token_endpoint'], `${origin}${token}`)
      assert.equal(json['jwks_uri'], `${origin}${keys}`)
      assert.equal(json['issuer'], `${origin}/${tenantId}/v2.0`)
      for (const name of ['jwks_uri', 'token_endpoint']) {
        assert.ok(setup.identity.endpoints.route(new URL(String(json[name])).pathname), 'leads to a route')
      }
    }
  }
})

test('the issuer of a token leads to metadata that name the same issuer', async (t) => {
  const setup = await openTestIdentity(t)
  const issuer = `${testOrigin}/${tenantId}/v2.0`
  const { json } = await setup.get(`${new URL(issuer).pathname}/.well-known/openid-configuration`)
  assert.equal(json['issuer'], issuer)
})

test('the key set holds public keys alone', async (t) => {
  const setup = await openTestIdentity(t)
  await setup.identity.keys.rotate()
  for (const path of ['/common/discovery/v2.0/keys', '/adfs/discovery/keys']) {
    const { json } = await setup.get(path)
    const keys = json['keys'] as Record<string, unknown>[]
    assert.equal(keys.length, 2)
    for (const key of keys) {
      assert.deepEqual(Object.keys(key).toSorted(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
    }
  }
})

test('instance discovery trusts our own hosts and no other', async (t) => {
  const setup = await openTestIdentity(t)
  const ask = (authority: string) =>
    setup.get(`/common/discovery/instance?api-version=1.1&authorization_endpoint=${encodeURIComponent(authority)}`, {
      origin: 'https://login.microsoftonline.com',
    })
  const { json } = await ask(`${testOrigin}/contoso/oauth2/v2.0/authorize`)
  assert.deepEqual(json['metadata'], [
    { preferred_network: 'relay.test:8444', preferred_cache: 'relay.test:8444', aliases: ['relay.test:8444'] },
  ])
  assert.equal(json['tenant_discovery_endpoint'], `${testOrigin}/contoso/v2.0/.well-known/openid-configuration`)
  for (const authority of ['https://evil.test/x', 'nonsense', 'https://relay.test@evil.test/']) {
    const { status, json: refusal } = await ask(authority)
    assert.deepEqual([status, refusal['error']], [400, 'invalid_instance'])
  }
})

test('other methods are refused with what is allowed', async (t) => {
  const setup = await openTestIdentity(t)
  const wrongPost = await setup.post('/common/discovery/v2.0/keys', {})
  assert.deepEqual([wrongPost.status, wrongPost.headers['Allow']], [405, 'HEAD, GET'])
  const wrongGet = await setup.get('/common/oauth2/v2.0/token')
  assert.deepEqual([wrongGet.status, wrongGet.headers['Allow']], [405, 'POST'])
})

test('paths of others are left alone', async (t) => {
  const { identity } = await openTestIdentity(t)
  for (const path of [
    '/',
    '/healthz',
    '/subscriptions/s/providers/x',
    '/oauth2/v2.0/token/x',
    `/${'a'.repeat(600)}/oauth2/token`,
  ]) {
    assert.equal(identity.endpoints.route(path), undefined, path)
  }
})
