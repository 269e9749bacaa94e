import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeListenerMessage } from './decode-listener-message.ts'

test('a response of hyco-https is read', () => {
  const text =
    '{"response":{"requestId":"1_G0","statusCode":200,"statusDescription":"OK","responseHeaders":{"content-type":"text/plain"},"body":true}}'
  assert.deepEqual(decodeListenerMessage(text), {
    kind: 'response',
    message: {
      requestId: '1_G0',
      statusCode: 200,
      statusDescription: 'OK',
      responseHeaders: { 'content-type': 'text/plain' },
      body: true,
    },
  })
})

test('a response of .NET is read: no headers, description null', () => {
  assert.deepEqual(
    decodeListenerMessage('{"response":{"body":false,"requestId":"1_G0","statusCode":418,"statusDescription":null}}'),
    { kind: 'response', message: { requestId: '1_G0', statusCode: 418, responseHeaders: {}, body: false } },
  )
})

test('a status as text, as the protocol’s own example has it, is a number', () => {
  const decoded = decodeListenerMessage('{"response":{"requestId":"1","statusCode":"200"}}')
  assert.ok(decoded.kind === 'response')
  assert.equal(decoded.message.statusCode, 200)
  assert.equal(decoded.message.body, false)
})

test('numbers among the headers become text, lists are joined, the rest is left out', () => {
  const decoded = decodeListenerMessage(
    '{"response":{"requestId":"1","statusCode":200,"responseHeaders":{"a":1,"b":["x",2,null,{}],"c":true,"d":null,"e":{},"__proto__":"p"}}}',
  )
  assert.ok(decoded.kind === 'response')
  assert.deepEqual(Object.entries(decoded.message.responseHeaders), [
    ['a', '1'],
    ['b', 'x, 2'],
    ['c', 'true'],
    ['__proto__', 'p'],
  ])
})

test('a renewal is read, whatever the token is', () => {
  const token = 'com.microsoft.azure.relay.SharedAccessSignatureTokenProvider$SharedAccessSignatureToken@1b2c'
  assert.deepEqual(decodeListenerMessage(`{"renewToken":{"token":"${token}"}}`), { kind: 'renewToken', token })
})

test('a message with another command is unknown and named', () => {
  assert.deepEqual(decodeListenerMessage('{"injectFault":{"delay":1}}'), { kind: 'unknown', name: 'injectFault' })
  assert.deepEqual(decodeListenerMessage('{"toString":{}}'), { kind: 'unknown', name: 'toString' })
  assert.deepEqual(decodeListenerMessage('{}'), { kind: 'unknown', name: '' })
})

const malformed: Readonly<Record<string, string>> = {
  '': 'the message is not a JSON object',
  '{"response"': 'the message is not a JSON object',
  '[]': 'the message is not a JSON object',
  null: 'the message is not a JSON object',
  '"response"': 'the message is not a JSON object',
  '{"response":[]}': 'response is not an object',
  '{"renewToken":"t"}': 'renewToken is not an object',
  '{"renewToken":{}}': 'renewToken.token is missing',
  '{"renewToken":{"token":5}}': 'renewToken.token is missing',
  '{"target":{}}': 'target.state is neither up nor down',
  '{"target":{"state":"UP"}}': 'target.state is neither up nor down',
  '{"response":{"statusCode":200}}': 'response.requestId is missing',
  '{"response":{"requestId":"","statusCode":200}}': 'response.requestId is missing',
  '{"response":{"requestId":7,"statusCode":200}}': 'response.requestId is missing',
}

for (const [text, reason] of Object.entries(malformed)) {
  test(`${text || 'an empty text'} is malformed: ${reason}`, () => {
    assert.deepEqual(decodeListenerMessage(text), { kind: 'malformed', reason })
  })
}

test('a response that cannot be read still names its request, so that it can fail at once', () => {
  const reasons = {
    'response.statusCode is not a status': [
      '{}',
      '{"statusCode":null}',
      '{"statusCode":"ok"}',
      '{"statusCode":99}',
      '{"statusCode":200.5}',
      '{"statusCode":1e3}',
    ],
    'response.responseHeaders is not an object': [
      '{"statusCode":200,"responseHeaders":[]}',
      '{"statusCode":200,"responseHeaders":"x"}',
    ],
    'response.body is not a boolean': ['{"statusCode":200,"body":"yes"}', '{"statusCode":200,"body":1}'],
  }
  for (const [reason, contents] of Object.entries(reasons)) {
    for (const content of contents) {
      const text = JSON.stringify({ response: { requestId: '1_G0', ...JSON.parse(content) } })
      assert.deepEqual(decodeListenerMessage(text), { kind: 'malformed', reason, requestId: '1_G0' }, text)
    }
  }
})

test('no text makes the decoder throw, and what it calls a response has the types of one', () => {
  const damaged = fc
    .tuple(fc.constantFrom('requestId', 'statusCode', 'statusDescription', 'responseHeaders', 'body'), fc.jsonValue())
    .map(([name, value]) => JSON.stringify({ response: { requestId: '1', statusCode: 200, [name]: value } }))
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json(), damaged), (text) => {
      const decoded = decodeListenerMessage(text)
      if (decoded.kind !== 'response') return
      const { requestId, statusCode, responseHeaders, body } = decoded.message
      assert.equal(typeof requestId, 'string')
      assert.ok(Number.isInteger(statusCode))
      assert.equal(typeof body, 'boolean')
      assert.ok(Object.values(responseHeaders).every((value) => typeof value === 'string'))
    }),
    { numRuns: 500 },
  )
})
