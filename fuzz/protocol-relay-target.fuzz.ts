import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  formatErrorText,
  formatRendezvousAddress,
  parseRelayTarget,
  toReasonPhrase,
  toRequestTarget,
} from '@postern/protocol'
import fc from 'fast-check'
import { fuzzRun } from './fuzz-run.ts'

// Request lines of strangers: whatever they hold, the listener gets addresses and targets that lead to where the sender was
// let in, without the sender's token, and the reply stays one line.

const pieces = [
  ...`/ // \\ .. . ? & && = == # + ; % %2 %zz %2F %5c %25 %26 %3D %3d %23 %3f %0d%0a %00 %c3%b8 %C3`.split(' '),
  ...`%ed%a0%80 %E2%80%A8 \u00c3\u00b8 $hc %24hc hyco sb-hc- sb-hc-id= SB-HC-Action=listen`.split(' '),
  ...`sb%2Dhc-token=SECRET sb-hc-token=SECRET statusCode=403 sb-hc-statusCode= statusDescription=x " ' < {`.split(' '),
  ...`| ^ \` € \ud800`.split(' '),
  ' ',
]
const requestLine = fc.oneof(
  {
    arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 24 }).map((parts) => `/${parts.join('')}`),
    weight: 8,
  },
  { arbitrary: fc.string({ unit: 'binary' }).map((text) => `/$hc/hyco${text}`), weight: 1 },
  { arbitrary: fc.string({ unit: 'binary' }), weight: 1 },
)

const origin = 'wss://relay.example.test:8443'
const id = '5c472855-1111-4222-8333-444455556666_G0'

/** The Java client decodes the whole query, splits it, and gives up over a pair with other than one or two pieces. */
function javaSplit(text: string, separator: string): number {
  const parts = text.split(separator)
  let length = parts.length
  while (length > 0 && parts.length > 1 && parts[length - 1] === '') length -= 1
  return length
}

function check(line: string): void {
  const target = parseRelayTarget(line)
  if (target === undefined) {
    assert.ok(!line.startsWith('/'))
    return
  }
  const { rawPath, rawQuery, path } = target
  assert.match(rawPath, /^\/(?:[\w.~!$&'()*+,;=:@/-]|%[0-9a-fA-F]{2})*$/)
  assert.match(rawQuery, /^(?:[\w.~!$&'()*+,;=:@/?[\]-]|%[0-9a-fA-F]{2})*$/)
  assert.doesNotMatch(rawQuery, /(?:^|&)sb(?:-|%2D)hc-[^=&]*=/i)

  const delivered = toRequestTarget(target)
  assert.match(delivered, /^\/(?![/\\])/)
  assert.doesNotMatch(delivered, /[#\p{Cc}\u2028\u2029]/u)
  assert.equal(new URL(delivered, 'https://relay.example.test/hyco').host, 'relay.example.test')

  for (const escapesEquals of [false, true]) {
    const address = formatRendezvousAddress({ origin, rawPath, rawQuery, action: 'accept', id, escapesEquals })
    const arrival = parseRelayTarget(address.slice(origin.length)) ?? assert.fail(address)
    assert.deepEqual([arrival.path, arrival.action, arrival.id, arrival.statusCode], [path, 'accept', id, undefined])
    assert.equal(new URL(address).host, 'relay.example.test:8443')
    if (!escapesEquals) continue
    const query = address
      .slice(address.indexOf('?') + 1)
      .replaceAll(/%26/gi, '&')
      .replaceAll(/%3D/gi, '=')
    for (const pair of query.split('&')) assert.ok(pair === '' || [1, 2].includes(javaSplit(pair, '=')), address)
  }

  const text = formatErrorText(path, { trackingId: target.id ?? id, address: `sb://h/${path}`, at: new Date(0) })
  assert.match(toReasonPhrase(text), /^[\x20-\x7e\xa0-\xff]{1,512}$/)
}

test('no request line leads a listener astray or carries a token to it', () => {
  fc.assert(fc.property(requestLine, check), fuzzRun())
})
