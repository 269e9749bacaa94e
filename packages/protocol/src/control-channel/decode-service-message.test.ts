import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeServiceMessage } from './decode-service-message.ts'

test("the protocol text's own accept, which has no remoteEndpoint, is read", () => {
  const text =
    '{"accept":{"address":"wss://dc-node.servicebus.windows.net:443/$hc/x?y","id":"4cb542c3-047a-4d40-a19f-bdc66441e736","connectHeaders":{"Host":"h","Sec-WebSocket-Protocol":"p"}}}'
  assert.deepEqual(decodeServiceMessage(text), {
    kind: 'accept',
    message: {
      address: 'wss://dc-node.servicebus.windows.net:443/$hc/x?y',
      id: '4cb542c3-047a-4d40-a19f-bdc66441e736',
      connectHeaders: { Host: 'h', 'Sec-WebSocket-Protocol': 'p' },
      remoteEndpoint: { address: '', port: 0 },
    },
  })
})

test('an accept with nothing but its address is read', () => {
  assert.deepEqual(decodeServiceMessage('{"accept":{"address":"wss://h","remoteEndpoint":{"port":"x"}}}'), {
    kind: 'accept',
    message: { address: 'wss://h', id: '', connectHeaders: {}, remoteEndpoint: { address: '', port: 0 } },
  })
})

test('a full request as captured is read', () => {
  const text =
    '{"request":{"address":"wss://h/$hc/hyco?sb-hc-action=request&sb-hc-id=1_G0","id":"1_G0","requestTarget":"/hyco/echo?a=1","method":"POST","remoteEndpoint":{"address":"127.0.0.1","port":47346},"requestHeaders":{"Host":"localhost","Via":"1.1 localhost"},"body":true}}'
  assert.deepEqual(decodeServiceMessage(text), {
    kind: 'request',
    message: {
      address: 'wss://h/$hc/hyco?sb-hc-action=request&sb-hc-id=1_G0',
      id: '1_G0',
      requestTarget: '/hyco/echo?a=1',
      method: 'POST',
      remoteEndpoint: { address: '127.0.0.1', port: 47346 },
      requestHeaders: { Host: 'localhost', Via: '1.1 localhost' },
      body: true,
    },
  })
})

test('a request without method is an address to fetch it from', () => {
  assert.deepEqual(decodeServiceMessage('{"request":{"address":"wss://h"}}'), {
    kind: 'requestAddress',
    address: 'wss://h',
  })
  assert.deepEqual(decodeServiceMessage('{"request":{"address":"wss://h","id":"1"}}'), {
    kind: 'requestAddress',
    address: 'wss://h',
    id: '1',
  })
})

test('another command is unknown', () => {
  assert.deepEqual(decodeServiceMessage('{"injectFault":{}}'), { kind: 'unknown', name: 'injectFault' })
})

const malformed: Readonly<Record<string, string>> = {
  x: 'the message is not a JSON object',
  '{"accept":1}': 'accept is not an object',
  '{"accept":{}}': 'accept.address is missing',
  '{"accept":{"address":""}}': 'accept.address is missing',
  '{"accept":{"address":"a","connectHeaders":1}}': 'accept.connectHeaders is not an object',
  '{"request":{"method":"GET"}}': 'request.address is missing',
  '{"request":{"address":"a","method":"GET"}}': 'request.id is missing',
  '{"request":{"address":"a","method":"GET","id":""}}': 'request.id is missing',
  '{"request":{"address":"a","method":"GET","id":"1"}}': 'request.requestTarget is missing',
  '{"request":{"address":"a","method":"GET","id":"1","requestTarget":"/","requestHeaders":[]}}':
    'request.requestHeaders is not an object',
  '{"request":{"address":"a","method":"GET","id":"1","requestTarget":"/","body":"no"}}':
    'request.body is not a boolean',
}

for (const [text, reason] of Object.entries(malformed)) {
  test(`${text} is malformed: ${reason}`, () => {
    assert.deepEqual(decodeServiceMessage(text), { kind: 'malformed', reason })
  })
}

test('no text makes the decoder throw', () => {
  const names = fc.constantFrom(
    'address',
    'id',
    'method',
    'requestTarget',
    'requestHeaders',
    'connectHeaders',
    'remoteEndpoint',
    'body',
  )
  const damaged = fc
    .tuple(fc.constantFrom('accept', 'request'), names, fc.jsonValue())
    .map(([command, name, value]) =>
      JSON.stringify({ [command]: { address: 'a', id: '1', method: 'GET', requestTarget: '/', [name]: value } }),
    )
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), damaged), (text) => {
      const kinds = ['accept', 'request', 'requestAddress', 'unknown', 'malformed']
      assert.ok(kinds.includes(decodeServiceMessage(text).kind))
    }),
    { numRuns: 500 },
  )
})
