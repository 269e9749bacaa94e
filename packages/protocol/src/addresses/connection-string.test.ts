import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isRelayError } from '../errors/relay-error.ts'
import { type ConnectionString, formatConnectionString, parseConnectionString } from './connection-string.ts'

const key = 'bm90LWEtcmVhbC1rZXktYnV0LWxvbmctZW5vdWdo+/8='

test('a connection string of a hybrid connection is read and written in Azure’s order', () => {
  const text = `Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=rule;SharedAccessKey=${key};EntityPath=hyco`
  const connection = {
    endpoint: { host: 'contoso.servicebus.windows.net' },
    entityPath: 'hyco',
    keyName: 'rule',
    key,
  }
  assert.deepEqual(parseConnectionString(text), connection)
  assert.equal(formatConnectionString(connection), text)
})

test('a connection string of a namespace has no path, and a local one has a port', () => {
  assert.deepEqual(parseConnectionString(`Endpoint=sb://LOCALHOST:8443;SharedAccessKeyName=r;SharedAccessKey=k`), {
    endpoint: { host: 'localhost', port: 8443 },
    keyName: 'r',
    key: 'k',
  })
})

test('names are read without regard to case, parts in any order, with space and empty parts between', () => {
  assert.deepEqual(parseConnectionString(' ;entitypath=a/b; ENDPOINT = https://h:1/ ;\nOperationTimeout=00:00:30;'), {
    endpoint: { host: 'h', port: 1 },
    entityPath: 'a/b',
    operationTimeoutMs: 30_000,
  })
})

test('a ready-made signature keeps its = and &', () => {
  const signature = 'SharedAccessSignature sr=http%3a%2f%2fh&sig=a%3d&se=1&skn=r'
  assert.equal(parseConnectionString(`Endpoint=sb://h/;SharedAccessSignature=${signature}`).signature, signature)
})

test('an IPv6 endpoint is read without brackets and written with them', () => {
  const connection = parseConnectionString('Endpoint=sb://[::1]:8443/')
  assert.deepEqual(connection, { endpoint: { host: '::1', port: 8443 } })
  assert.equal(formatConnectionString(connection), 'Endpoint=sb://[::1]:8443/')
  assert.equal(formatConnectionString({ endpoint: { host: '[::1]' } }), 'Endpoint=sb://[::1]/')
})

test('managed identity is read without regard to case and space', () => {
  for (const value of ['Managed Identity', 'managedidentity']) {
    assert.deepEqual(parseConnectionString(`Endpoint=sb://h/;Authentication=${value}`), {
      endpoint: { host: 'h' },
      authentication: 'Managed Identity',
    })
  }
})

test('an empty value counts as absent', () => {
  assert.deepEqual(parseConnectionString('Endpoint=sb://h/;EntityPath=;SharedAccessKeyName=;SharedAccessKey='), {
    endpoint: { host: 'h' },
  })
})

const wrong: Readonly<Record<string, RegExp>> = {
  '': /Endpoint is missing/,
  'EntityPath=x': /Endpoint is missing/,
  'Endpoint=sb://h/;Colour=S3CRET': /part 2 is none of Endpoint, EntityPath,/,
  'Endpoint=sb://h/;S3CRET': /part 2 is none of/,
  'Endpoint=sb://h/;=S3CRET': /part 2 is none of/,
  'Endpoint=sb://h/;EntityPath=a;entitypath=S3CRET': /EntityPath is there twice/,
  'Endpoint=S3CRET': /Endpoint must be an address/,
  'Endpoint=http://S3CRET/': /Endpoint must be an address/,
  'Endpoint=sb://user:S3CRET@h/': /Endpoint must be an address/,
  'Endpoint=sb://h/S3CRET': /Endpoint must be an address/,
  'Endpoint=sb://h:0/': /the port of Endpoint must be from 1 to 65535/,
  'Endpoint=sb://h:65536/': /the port of Endpoint must be from 1 to 65535/,
  'Endpoint=sb://h/;SharedAccessKey=S3CRET': /SharedAccessKeyName and SharedAccessKey belong together/,
  'Endpoint=sb://h/;SharedAccessKeyName=S3CRET': /SharedAccessKeyName and SharedAccessKey belong together/,
  [`Endpoint=sb://h/;SharedAccessKeyName=r;SharedAccessKey=${'S3CRET'.repeat(50)}`]:
    /SharedAccessKey is longer than 256/,
  [`Endpoint=sb://h/;SharedAccessKey=k;SharedAccessKeyName=${'S3CRET'.repeat(50)}`]: /KeyName is longer than 256/,
  'Endpoint=sb://h/;SharedAccessKeyName=r;SharedAccessKey=S3CRET;SharedAccessSignature=S3CRET': /exclude each other/,
  'Endpoint=sb://h/;Authentication=S3CRET': /Authentication can only be Managed Identity/,
  'Endpoint=sb://h/;Authentication=Managed Identity;SharedAccessSignature=S3CRET': /excludes keys and signatures/,
  'Endpoint=sb://h/;Authentication=Managed Identity;SharedAccessKeyName=r;SharedAccessKey=S3CRET': /excludes keys/,
  'Endpoint=sb://h/;OperationTimeout=S3CRET': /OperationTimeout must be a time/,
}

for (const [text, reason] of Object.entries(wrong)) {
  test(`"${text.slice(0, 90)}" is refused by naming the part, not its value`, () => {
    assert.throws(
      () => parseConnectionString(text),
      (error) => {
        assert.ok(isRelayError(error, 'InvalidConnectionString'))
        assert.match(error.message, reason)
        assert.doesNotMatch(error.message, /S3CRET/)
        return true
      },
    )
  })
}

test('a value with a semicolon cannot be written, and is not shown', () => {
  assert.throws(() => formatConnectionString({ endpoint: { host: 'h' }, keyName: 'r', key: 'S3;CRET' }), {
    code: 'InvalidConnectionString',
    message: 'The connection string cannot be read: SharedAccessKey holds a semicolon.',
  })
})

test('what is written can be read back', () => {
  const value = fc.stringMatching(/^[!-:<-~]{1,40}$/)
  const endpoint = fc.record(
    { host: fc.stringMatching(/^[a-z0-9.-]{1,20}$/), port: fc.integer({ min: 1, max: 65_535 }) },
    { requiredKeys: ['host'], noNullPrototype: true },
  )
  const rest = fc.oneof(
    fc.record({ keyName: value, key: value, entityPath: value }),
    fc.record({ signature: value, operationTimeoutMs: fc.integer({ min: 1, max: 2_000_000 }).map((s) => s * 1000) }),
    fc.constant({ authentication: 'Managed Identity' }),
  )
  fc.assert(
    fc.property(endpoint, rest, (where, parts) => {
      const connection = { endpoint: where, ...parts } as ConnectionString
      assert.deepEqual(parseConnectionString(formatConnectionString(connection)), connection)
    }),
  )
})

test('no text makes the parser throw anything but InvalidConnectionString', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      for (const whole of [text, `Endpoint=${text}`, `Endpoint=sb://h/;${text}`]) {
        try {
          parseConnectionString(whole)
        } catch (error) {
          assert.ok(isRelayError(error, 'InvalidConnectionString'))
        }
      }
    }),
  )
})
