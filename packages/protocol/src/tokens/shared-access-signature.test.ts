import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  createSharedAccessSignature,
  type HmacSha256,
  parseSharedAccessSignature,
  signatureMatches,
} from './shared-access-signature.ts'

const hmacSha256: HmacSha256 = (key, message) => createHmac('sha256', key).update(message).digest()
/** Looks like Base64, and is used as text. */
const key = 'b2JzY3VyZUtleU9mRm9ydHlGb3VyQ2hhcmFjdGVycz0='

/** Signs as the clients do: over the spelling of `sr` that they send. */
function sign(resource: string, expiry: string): string {
  return encodeURIComponent(createHmac('sha256', key).update(`${resource}\n${expiry}`).digest('base64'))
}

const resources = {
  'hyco-ws, a createRelay*Uri': 'http%3A%2F%2Flocalhost%3A443%2Fhyco',
  'hyco-ws, a space in the path': 'http%3A%2F%2Flocalhost%3A443%2Fmy%2520hyco',
  'hyco-websocket, the namespace': 'http%3A%2F%2Flocalhost%2F',
  '.NET, a trailing slash': 'http%3A%2F%2Flocalhost%2Fhyco%2F',
  '.NET, a space as +': 'http%3A%2F%2Flocalhost%2Fmy+hyco%2F',
  'Java, scheme sb and a port': 'sb%3A%2F%2Flocalhost%3A8443%2Fhyco',
  'Java sender, the bare namespace': 'sb%3A%2F%2Flocalhost%3A8443',
  'the protocol text, lower-case hex': 'http%3a%2f%2fcontoso.servicebus.windows.net%2fhyco%2f',
}

for (const [client, resource] of Object.entries(resources)) {
  test(`a token of ${client}, is verified over its own spelling of sr`, () => {
    const text = `SharedAccessSignature sr=${resource}&sig=${sign(resource, '1795328993')}&se=1795328993&skn=rule`
    const token = parseSharedAccessSignature(text)
    assert.ok(token)
    assert.equal(token.resource, resource)
    assert.equal(token.expiresAtSeconds, 1795328993)
    assert.equal(token.keyName, 'rule')
    assert.equal(token.stringToSign, `${resource}\n1795328993`)
    assert.match(token.signature, /^[A-Za-z0-9+/]{43}=$/)
    assert.equal(signatureMatches(token, key, hmacSha256), true)
    assert.equal(signatureMatches(token, Buffer.from(key, 'base64').toString('latin1'), hmacSha256), false)
  })
}

test('parameters may come in any order, with others between and any case of their names', () => {
  const token = parseSharedAccessSignature('sharedaccesssignature SKN=r&x=1&&flag&se=5&sig=c2ln&Sr=http%3a%2f%2fh')
  assert.deepEqual(token, {
    resource: 'http%3a%2f%2fh',
    signature: 'c2ln',
    expiresAtSeconds: 5,
    keyName: 'r',
    stringToSign: 'http%3a%2f%2fh\n5',
  })
})

test('"Bearer " may stand before a token, and space around it', () => {
  const text = 'SharedAccessSignature sr=r&sig=s&se=1&skn=n'
  assert.deepEqual(parseSharedAccessSignature(` Bearer  ${text}\n`), parseSharedAccessSignature(text))
})

test('an unencoded + in sig is taken as Base64, in skn as a space', () => {
  const token = parseSharedAccessSignature('SharedAccessSignature sr=r&sig=a+b%2Fc%3D&se=1&skn=my+rule%2B')
  assert.equal(token?.signature, 'a+b/c=')
  assert.equal(token?.keyName, 'my rule+')
})

test('what is no whole token is refused', () => {
  for (const text of [
    '',
    'SharedAccessSignature',
    'SharedAccessSignature ',
    'sr=r&sig=s&se=1&skn=n',
    'Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln',
    'com.microsoft.azure.relay.SharedAccessSignatureTokenProvider$SharedAccessSignatureToken@1b2c3d',
    'SharedAccessSignature sig=s&se=1&skn=n',
    'SharedAccessSignature sr=r&se=1&skn=n',
    'SharedAccessSignature sr=r&sig=s&skn=n',
    'SharedAccessSignature sr=r&sig=s&se=1',
    'SharedAccessSignature sr=&sig=s&se=1&skn=n',
    'SharedAccessSignature sr=r&sig=s&se=&skn=n',
    'SharedAccessSignature sr=r&sig=s&se=-1&skn=n',
    'SharedAccessSignature sr=r&sig=s&se=1e3&skn=n',
    'SharedAccessSignature sr=r&sig=s&se=123456789012&skn=n',
    'SharedAccessSignature sr=r&sig=s&se=1&skn=n&sr=other',
    'SharedAccessSignature sr=r&sig=s&se=1&SE=2&skn=n',
    'SharedAccessSignature sr=r&sig=s &se=1&skn=n',
    `SharedAccessSignature sr=${'r'.repeat(8192)}&sig=s&se=1&skn=n`,
  ]) {
    assert.equal(parseSharedAccessSignature(text), undefined, text.slice(0, 100))
  }
})

test('a token made here has the form of those of the official clients', () => {
  const resource = 'http%3A%2F%2Flocalhost%2Fhyco'
  assert.equal(
    createSharedAccessSignature({
      resourceUri: 'http://localhost/hyco',
      keyName: 'rule',
      key,
      expiresAtSeconds: 1795328993,
      hmacSha256,
    }),
    `SharedAccessSignature sr=${resource}&sig=${sign(resource, '1795328993')}&se=1795328993&skn=rule`,
  )
})

test('whatever is signed can be read back, fits its key and no other', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(text, text, text, fc.nat(2 ** 31), (resourceUri, keyName, secret, expiresAtSeconds) => {
      const made = createSharedAccessSignature({ resourceUri, keyName, key: secret, expiresAtSeconds, hmacSha256 })
      const token = parseSharedAccessSignature(made)
      assert.ok(token)
      assert.equal(decodeURIComponent(token.resource), resourceUri.toWellFormed())
      assert.equal(token.keyName, keyName.toWellFormed())
      assert.equal(token.expiresAtSeconds, expiresAtSeconds)
      assert.equal(signatureMatches(token, secret, hmacSha256), true)
      assert.equal(signatureMatches(token, `${secret}x`, hmacSha256), false)
      const later = { ...token, stringToSign: `${token.resource}\n${expiresAtSeconds + 1}` }
      assert.equal(signatureMatches(later, secret, hmacSha256), false)
    }),
  )
})

test('a signature that is only a part of the right one, or has more behind it, does not match', () => {
  const token = parseSharedAccessSignature(`SharedAccessSignature sr=r&sig=${sign('r', '1')}&se=1&skn=n`)
  assert.ok(token)
  assert.equal(signatureMatches(token, key, hmacSha256), true)
  for (const signature of ['', token.signature.slice(0, -1), `${token.signature}=`, token.signature.toLowerCase()]) {
    assert.equal(signatureMatches({ ...token, signature }, key, hmacSha256), false)
  }
})

test('no text makes the parser throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseSharedAccessSignature(text)))
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      (rest) => void parseSharedAccessSignature(`SharedAccessSignature ${rest}`),
    ),
  )
})
