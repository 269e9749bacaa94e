import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseRelayTarget } from '../addresses/relay-target.ts'
import { toRequestTarget } from './request-target.ts'

function requestTarget(requestLineTarget: string): string {
  return toRequestTarget(parseRelayTarget(requestLineTarget) ?? assert.fail())
}

const cases: readonly (readonly [typed: string, delivered: string])[] = [
  ['/hyco', '/hyco'],
  ['/hyco/echo?a=1', '/hyco/echo?a=1'],
  ['/hyco/with%20space/x?q=%20', '/hyco/with space/x?q=%20'],
  ['/hyco/%C3%B8/%e2%82%ac', '/hyco/ø/€'],
  ['/hyco/a%2Fb', '/hyco/a/b'],
  ['/hyco/%252F', '/hyco/%252F'],
  ['/hyco/100%25', '/hyco/100%25'],
  ['/hyco/a%3Fb%23c?d', '/hyco/a%3Fb%23c?d'],
  ['/hyco/a%3fb', '/hyco/a%3fb'],
  ['/hyco/%0d%0aX:%20y%00%7f%c2%85', '/hyco/%0d%0aX: y%00%7f%c2%85'],
  ['/hyco/%E2%80%A8', '/hyco/%E2%80%A8'],
  ['/hyco/%FF%zz', '/hyco/%FF%25zz'],
  ['//evil.example/x', '/%2Fevil.example/x'],
  ['/%2Fevil.example/x', '/%2Fevil.example/x'],
  ['/%2f%2F//evil.example', '/%2F%2F%2F%2Fevil.example'],
  ['/%5Cevil.example', '/%5Cevil.example'],
  ['/\\evil.example', '/%5Cevil.example'],
  ['/hyco//a//b', '/hyco//a//b'],
  ['/hyco/a%5Cb', '/hyco/a\\b'],
  ['/hyco/../x/./y', '/hyco/../x/./y'],
  ['/hyco?', '/hyco'],
  ['/hyco?sb-hc-token=secret', '/hyco'],
  ['/hyco?sb-hc-token=secret&a', '/hyco?a'],
  ['/hyco?&&&', '/hyco?&&&'],
  ["/hyco?key='value'", "/hyco?key='value'"],
  ['/', '/'],
]

for (const [typed, delivered] of cases) {
  test(`a request for ${typed} is delivered as ${delivered}`, () => {
    assert.equal(requestTarget(typed), delivered)
  })
}

test('no request makes a target that leads elsewhere, has a fragment, or breaks a line', () => {
  const piece = fc.constantFrom(
    '/',
    '%2F',
    '%5c',
    '\\',
    '%',
    '%25',
    '%3F',
    '%23',
    '?',
    '#',
    '%0a',
    'a',
    '%c3%b8',
    '%E2%80%A9',
  )
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 20 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(text, (rest) => {
      const target = parseRelayTarget(`/${rest}`) ?? assert.fail()
      const delivered = toRequestTarget(target)
      assert.match(delivered, /^\/(?![/\\])/)
      assert.doesNotMatch(delivered, /[#\p{Cc}\u2028\u2029]/u)
      const mark = delivered.indexOf('?')
      assert.equal(mark < 0 ? '' : delivered.slice(mark + 1), target.rawQuery)
      assert.equal(new URL(delivered, 'https://relay.example.test/hyco').host, 'relay.example.test')
    }),
    { numRuns: 500 },
  )
})
