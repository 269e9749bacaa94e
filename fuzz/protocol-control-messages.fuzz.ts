import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  decodeListenerMessage,
  decodeServiceMessage,
  encodeAccept,
  encodeRequest,
  encodeResponse,
  toResponseHeaders,
} from '@postern/protocol'
import fc from 'fast-check'
import { fuzzRun } from './fuzz-run.ts'

// Control messages that were damaged in every way: each is decoded to values of the right types, which can be encoded
// again and mean the same, or it is called unknown or malformed.

const seeds = [
  '{"response":{"requestId":"1_G0","statusCode":200,"statusDescription":"OK","responseHeaders":{"content-type":"text/plain"},"body":true}}',
  '{"response":{"body":false,"requestId":"1_G0","statusCode":"418","statusDescription":null}}',
  '{"renewToken":{"token":"SharedAccessSignature sr=http%3a%2f%2fh&sig=c2ln&se=1&skn=r"}}',
  '{"accept":{"address":"wss://h/$hc/x?sb-hc-action=accept&sb-hc-id=1","id":"1","connectHeaders":{"Host":"h"},"remoteEndpoint":{"address":"::1","port":1}}}',
  '{"request":{"address":"wss://h","id":"1","requestTarget":"/x?a","method":"GET","remoteEndpoint":{"address":"::1","port":1},"requestHeaders":{"Via":"1.1 h"},"body":false}}',
  '{"request":{"address":"wss://h"}}',
]
const pieces = [
  ...`{ } [ ] , : " \\ \\u0000 \\ud800 null true 1 -0 1e400 0.5 "" {} [] "__proto__":{"x":1},`.split(' '),
  ...`"constructor":1, "toString":{} "body": "statusCode": "responseHeaders":[1,{},null]`.split(' '),
  ...`"responseHeaders":{"a":[1,"b",null],"__proto__":"p","x\\r\\ny":"v\\r\\nw"} [[[[ \u2028 \ufeff \u0000`.split(' '),
  ...`ü`.split(' '),
]
const edit = fc.record({ at: fc.nat(400), remove: fc.nat(25), insert: fc.constantFrom('', ...pieces) })
const damaged = fc
  .tuple(fc.constantFrom(...seeds), fc.array(edit, { maxLength: 4 }))
  .map(([text, edits]) =>
    edits.reduce((now, { at, remove, insert }) => now.slice(0, at) + insert + now.slice(at + remove), text),
  )
const members = [
  'requestId',
  'statusCode',
  'statusDescription',
  'responseHeaders',
  'body',
  'token',
  'address',
  'id',
  'method',
]
const replaced = fc
  .tuple(fc.constantFrom(...seeds), fc.constantFrom(...members), fc.jsonValue())
  .map(([text, name, value]) => {
    const [[command, content] = ['', {}]] = Object.entries(JSON.parse(text) as Record<string, object>)
    return JSON.stringify({ [command]: { ...content, [name]: value } })
  })
const message = fc.oneof(
  { arbitrary: damaged, weight: 5 },
  { arbitrary: replaced, weight: 4 },
  { arbitrary: fc.json(), weight: 1 },
  { arbitrary: fc.string({ unit: 'binary' }), weight: 1 },
)

function check(text: string): void {
  const listener = decodeListenerMessage(text)
  if (listener.kind === 'response') {
    assert.ok(
      listener.message.requestId !== '' && listener.message.statusCode >= 100 && listener.message.statusCode <= 999,
    )
    assert.deepEqual(decodeListenerMessage(encodeResponse(listener.message)), listener)
    for (const [name, value] of toResponseHeaders(listener.message.responseHeaders, { via: '1.1 h' })) {
      assert.match(`${name}: ${value}`, /^[\w!#$%&'*+.^`|~-]+: [\t\x20-\x7e\x80-\xff]*$/)
    }
  } else if (listener.kind === 'malformed') assert.match(listener.reason, /^[\x20-\x7e]+$/)

  const service = decodeServiceMessage(text)
  if (service.kind === 'accept') assert.deepEqual(decodeServiceMessage(encodeAccept(service.message)), finite(service))
  else if (service.kind === 'request')
    assert.deepEqual(decodeServiceMessage(encodeRequest(service.message)), finite(service))
}

/** JSON has no infinity, so `1e400` comes in as one and goes out as null: such a port reads as 0 the second time. */
function finite<Message extends { readonly message: { readonly remoteEndpoint: { readonly port: number } } }>(
  read: Message,
): Message {
  const { remoteEndpoint } = read.message
  if (Number.isFinite(remoteEndpoint.port)) return read
  return { ...read, message: { ...read.message, remoteEndpoint: { ...remoteEndpoint, port: 0 } } }
}

test('a damaged control message is refused, or read as one that means the same when it is written again', () => {
  fc.assert(fc.property(message, check), fuzzRun())
})
