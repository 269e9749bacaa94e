import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeListenerMessage } from './decode-listener-message.ts'
import { decodeServiceMessage } from './decode-service-message.ts'
import {
  encodeAccept,
  encodeRenewToken,
  encodeRequest,
  encodeRequestAddress,
  encodeResponse,
  encodeTarget,
} from './encode.ts'

const id = 'd31c8b99-1111-4222-8333-444455556666_G0'
const address = `wss://localhost:8443/$hc/hyco?sb-hc-action=accept&sb-hc-id=${id}`
const remoteEndpoint = { address: '203.0.113.7', port: 50412 }

test('an accept message has exactly the members that listeners know', () => {
  const more = {
    address,
    id,
    connectHeaders: { Host: 'localhost' },
    remoteEndpoint: { ...remoteEndpoint, family: 4 },
    x: 1,
  }
  assert.equal(
    encodeAccept(more),
    `{"accept":{"address":"${address}","id":"${id}","connectHeaders":{"Host":"localhost"},"remoteEndpoint":{"address":"203.0.113.7","port":50412}}}`,
  )
})

test('a full request has method and a boolean body, the short form neither', () => {
  const request = {
    address,
    id,
    requestTarget: '/hyco/echo?a=1',
    method: 'POST',
    remoteEndpoint,
    requestHeaders: { Via: '1.1 localhost' },
    body: false,
  }
  assert.equal(
    encodeRequest(request),
    `{"request":{"address":"${address}","id":"${id}","requestTarget":"/hyco/echo?a=1","method":"POST","remoteEndpoint":{"address":"203.0.113.7","port":50412},"requestHeaders":{"Via":"1.1 localhost"},"body":false}}`,
  )
  assert.equal(encodeRequestAddress(request), `{"request":{"address":"${address}","id":"${id}"}}`)
})

test('a response without a description has none', () => {
  const response = { requestId: id, statusCode: 204, responseHeaders: {}, body: false }
  assert.equal(
    encodeResponse(response),
    `{"response":{"requestId":"${id}","statusCode":204,"responseHeaders":{},"body":false}}`,
  )
})

test('a renewal carries the token', () => {
  assert.equal(encodeRenewToken('SharedAccessSignature sr=x'), '{"renewToken":{"token":"SharedAccessSignature sr=x"}}')
})

const text = fc.string({ unit: 'binary' })
const nonEmpty = fc.string({ unit: 'binary', minLength: 1 })
const headers = fc.dictionary(text, text, { noNullPrototype: true })
const plain = { noNullPrototype: true } as const
const endpoint = fc.record({ address: text, port: fc.nat(65_535) }, plain)

test('what the relay encodes its listener decodes', () => {
  fc.assert(
    fc.property(
      fc.record({ address: nonEmpty, id: text, connectHeaders: headers, remoteEndpoint: endpoint }, plain),
      (message) => {
        assert.deepEqual(decodeServiceMessage(encodeAccept(message)), { kind: 'accept', message })
      },
    ),
  )
  fc.assert(
    fc.property(
      fc.record(
        {
          address: nonEmpty,
          id: nonEmpty,
          requestTarget: text,
          method: text,
          remoteEndpoint: endpoint,
          requestHeaders: headers,
          body: fc.boolean(),
        },
        plain,
      ),
      (message) => {
        assert.deepEqual(decodeServiceMessage(encodeRequest(message)), { kind: 'request', message })
        assert.deepEqual(decodeServiceMessage(encodeRequestAddress(message)), {
          kind: 'requestAddress',
          address: message.address,
          id: message.id,
        })
      },
    ),
  )
})

test('what a listener encodes the relay decodes', () => {
  const response = fc.record(
    {
      requestId: nonEmpty,
      statusCode: fc.integer({ min: 100, max: 999 }),
      statusDescription: text,
      responseHeaders: headers,
      body: fc.boolean(),
    },
    { requiredKeys: ['requestId', 'statusCode', 'responseHeaders', 'body'], noNullPrototype: true },
  )
  fc.assert(
    fc.property(response, text, (message, token) => {
      assert.deepEqual(decodeListenerMessage(encodeResponse(message)), { kind: 'response', message })
      assert.deepEqual(decodeListenerMessage(encodeRenewToken(token)), { kind: 'renewToken', token })
      for (const state of ['up', 'down'] as const)
        assert.deepEqual(decodeListenerMessage(encodeTarget(state)), { kind: 'target', state })
    }),
  )
})
