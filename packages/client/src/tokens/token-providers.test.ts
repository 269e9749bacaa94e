import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { parseConnectionString } from '@postern/protocol'
import { tokenProviderOf } from './connection-string-tokens.ts'
import { createFixedTokenProvider } from './fixed-signature.ts'
import { createKeyTokenProvider } from './shared-access-key.ts'

const audience = 'http://relay.example.test/db'

test('a key signs the encoded audience and the expiry, as text', async () => {
  const provider = createKeyTokenProvider({ keyName: 'listen', key: 'a2V5', now: () => 1_700_000_000_000 })
  const { text, expiresAtMs, renewAtMs } = await provider.getToken({ audience })
  const [, resource, signature, expiry, name] =
    /^SharedAccessSignature sr=([^&]*)&sig=([^&]*)&se=(\d+)&skn=(.*)$/.exec(text) ?? []
  assert.equal(decodeURIComponent(resource ?? ''), audience)
  assert.equal(expiry, '1700003600')
  assert.equal(name, 'listen')
  const expected = createHmac('sha256', 'a2V5').update(`${resource}\n${expiry}`).digest('base64')
  assert.equal(decodeURIComponent(signature ?? ''), expected)
  assert.equal(expiresAtMs, 1_700_003_600_000)
  assert.equal(renewAtMs, 1_700_000_000_000 + 0.8 * 3_600_000)
})

test('a token is handed out again until 80 % of its life is over', async () => {
  let now = 0
  const provider = createKeyTokenProvider({ keyName: 'k', key: 'k', lifetimeMs: 100_000, now: () => now })
  const first = await provider.getToken({ audience })
  now = 79_999
  assert.equal(await provider.getToken({ audience }), first)
  now = 80_000
  assert.notEqual((await provider.getToken({ audience })).text, first.text)
})

test('a fresh token is signed although the cache has one', async () => {
  let now = 0
  const provider = createKeyTokenProvider({ keyName: 'k', key: 'k', now: () => now })
  const first = await provider.getToken({ audience })
  now = 5_000
  const fresh = await provider.getToken({ audience, fresh: true })
  assert.notEqual(fresh.text, first.text)
  assert.equal(await provider.getToken({ audience }), fresh)
})

test('the cache is per audience', async () => {
  const provider = createKeyTokenProvider({ keyName: 'k', key: 'k' })
  const [one, two] = await Promise.all([
    provider.getToken({ audience }),
    provider.getToken({ audience: `${audience}2` }),
  ])
  assert.notEqual(one.text, two.text)
})

test('a fixed signature is handed out as it is and wants no successor', async () => {
  const text = 'SharedAccessSignature sr=http%3A%2F%2Fx%2Fdb&sig=YWJj&se=1700000000&skn=send'
  const provider = createFixedTokenProvider(text)
  assert.equal(provider.keyName, 'send')
  const token = await provider.getToken({ audience })
  assert.deepEqual(token, { text, expiresAtMs: 1_700_000_000_000 })
})

test('a fixed signature that cannot be read is refused without being repeated', () => {
  assert.throws(
    () => createFixedTokenProvider('sig=secret'),
    (error: Error & { code: string }) => {
      assert.equal(error.code, 'InvalidConfiguration')
      assert.doesNotMatch(error.message, /secret/)
      return true
    },
  )
})

test('a connection string gives the provider that it describes', () => {
  const endpoint = 'Endpoint=sb://relay.example.test/'
  const provider = (more: string) => tokenProviderOf(parseConnectionString(`${endpoint}${more}`))
  assert.equal(provider(';SharedAccessKeyName=n;SharedAccessKey=k')?.keyName, 'n')
  const signature = 'SharedAccessSignature sr=x&sig=YWJj&se=1&skn=s'
  assert.equal(provider(`;SharedAccessSignature=${signature}`)?.keyName, 's')
  assert.equal(provider(''), undefined)
})
